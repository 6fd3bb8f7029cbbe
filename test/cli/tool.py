# SPDX-License-Identifier: Apache-2.0
"""What the tests of the command share: running it, and counting what is right. The first argument of each is the command."""
import os
import resource
import signal
import subprocess
import sys

OCELLI = sys.argv[1]
passed, failed, skipped = 0, 0, 0


def run(*args, env=None, limit=None):
    def before():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = subprocess.run([OCELLI, *args], capture_output=True, text=True, timeout=300, env={**os.environ, **(env or {})},
                          preexec_fn=before if limit else None, check=False)
    return done.returncode, done.stdout, done.stderr


def check(right, text):
    global passed, failed
    if right:
        passed += 1
    else:
        failed += 1
        print("FAILED:", text)


def check_run(name, args, code, stdout=None, stderr=None, **more):
    """A run with its exit code, and parts of what it prints."""
    got, out, err = run(*args, **more)
    check(got == code and (stdout or "") in out and (stderr or "") in err and (code == 0 or out + err != ""),
          f"{name}: exit {got}, wanted {code}\n{out[-600:]}{err[-600:]}")
    return out


def keys(name, value, wanted):
    check(list(value) == wanted, f"{name}: keys are {list(value)}")


def summary():
    """Prints the counts as test/kit/run.py reads them; the code to exit with."""
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0
