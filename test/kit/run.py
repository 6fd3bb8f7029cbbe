# SPDX-License-Identifier: Apache-2.0
"""Runs the tests of a build folder and counts single tests: run.py FOLDER [--suite NAME]... [--jobs N].

One after another, but for suites in which nothing is timed: of those N at a time (default 1)."""
import argparse
import concurrent.futures
import json
import os
import re
import signal
import subprocess
import sys
import time

LINE = re.compile(r"^\[  (PASSED|FAILED|SKIPPED) +\] (\d+) test\(s\)", re.M)
UNTIMED = {"op", "onnx", "graph", "net", "train", "api", "unit", "samples", "python", "faults", "fuzz", "house", "docs"}
TIMED = {"op-tune", "api-parts", "api-parts_train", "api-custom_parts", "api-cancel", "api-late", "train-shadow", "faults-host",
         "faults-threads"}  # but for these
# Drivers leak when they compile.
HERE = os.path.dirname(os.path.abspath(__file__))
SANITIZERS = {"LSAN_OPTIONS": "print_suppressions=0:suppressions=" + os.path.join(HERE, "lsan.supp")}
COUNTS = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", re.M)


def counts(output, code):
    """Passed, failed, skipped of one program: cmocka's summary, a closing line of ours, or its exit code."""
    found = COUNTS.findall(output)
    if found:
        return [int(n) for n in found[-1]]
    totals = {"PASSED": 0, "FAILED": 0, "SKIPPED": 0}
    for name, number in LINE.findall(output):
        totals[name] += int(number)
    if not any(totals.values()):
        return [0, 0, 1] if code == 77 else [1, 0, 0] if code == 0 else [0, 1, 0]
    if code and not totals["FAILED"]:
        totals["FAILED"] = 1  # it ended badly after its last test
    return [totals["PASSED"], totals["FAILED"], totals["SKIPPED"]]


def suites_of(test):
    return [name.split(":")[-1] for name in test["suite"]]


def tests_of(folder, suites, names=None):
    """What Meson lists, of these suites (None: all) and with one of these texts in the name (None: any)."""
    listed = json.loads(subprocess.check_output(["meson", "introspect", "--tests", folder]))
    return [test for test in listed if (not suites or set(suites_of(test)) & set(suites)) and
            (not names or any(name in test["name"] for name in names))]


def run_once(test, folder, environment, limit):
    """(output, exit code)"""
    process = subprocess.Popen(test["cmd"], cwd=test.get("workdir") or folder,
                               env={**os.environ, **SANITIZERS, **test["env"], **(environment or {})},
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               errors="replace", start_new_session=True)
    try:
        output, code = process.communicate(timeout=limit)[0], process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, code = process.communicate()[0] + f"\ntimed out after {limit} s\n", 1
    return output, code


def run_test(test, folder, environment=None, limit=600):
    """Runs one test, and ends it and what it started when it takes longer; once more where it was the sanitizer that ended badly, as it
    does when a driver's threads give memory back while it looks for leaks. ([passed, failed, skipped], output)."""
    output, code = run_once(test, folder, environment, limit)
    if "LeakSanitizer has encountered a fatal error" in output:
        output, code = run_once(test, folder, environment, limit)
    one = [int(code == 0), int(code != 0), 0] if "house" in suites_of(test) else counts(output, code)
    return one, output


def is_timed(test):
    return not set(suites_of(test)) & UNTIMED or test["name"] in TIMED


def results_of(tests, folder, jobs):
    """(test, what run_test() says of it and its seconds) of each, those that can run beside each other first."""
    beside = [test for test in tests if jobs > 1 and not is_timed(test)]

    def run(test):
        began = time.monotonic()
        return *run_test(test, folder), time.monotonic() - began

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        yield from zip(beside, pool.map(run, beside))
    for test in tests:
        if test not in beside:
            yield test, run(test)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--suite", action="append")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--times", action="store_true", help="the seconds of each test, the longest first")
    args = parser.parse_args()
    total = [0, 0, 0]
    times = []
    for test, (one, output, seconds) in results_of(tests_of(args.folder, args.suite), args.folder, args.jobs):
        total = [a + b for a, b in zip(total, one)]
        times.append((seconds, test["name"]))
        if one[1]:
            print(f"---- {test['name']}\n{output[-6000:]}")
        elif one[2]:
            print(f"---- {test['name']}: " + "; ".join(re.findall(r"^.*skipped$", output, re.M)[:3]))
    if args.times:
        print("\n".join(f"{seconds:6.1f} s {name}" for seconds, name in sorted(times, reverse=True)))
    print(f"{total[0]} passed, {total[1]} failed, {total[2]} skipped", flush=True)
    return 1 if total[1] else 0


if __name__ == "__main__":
    sys.exit(main())
