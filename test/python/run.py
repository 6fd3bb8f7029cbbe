# SPDX-License-Identifier: Apache-2.0
"""Builds the Python wheel as a stranger would, from a copy of what is (or would be) committed, installs it into a virtual environment
and runs the tests there: run.py ROOT BUILD OCELLI. Ends with "N passed, N failed, N skipped"."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT, BUILD, COMMAND = (os.path.abspath(one) for one in sys.argv[1:4])
VENV = os.path.join(BUILD, "python-venv")
PYTHON = os.path.join(VENV, "bin", "python")


def run(*command, **others):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **others)
    return done.returncode, done.stdout


def finish(passed, failed, skipped, text=""):
    print(f"{text}\n{passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed else 0)


def make_environment():
    """NumPy and pytest from PyPI; a machine that cannot have them skips all this."""
    if os.path.exists(PYTHON) and run(PYTHON, "-c", "import numpy, pytest, build")[0] == 0:
        return
    shutil.rmtree(VENV, ignore_errors=True)
    install = [PYTHON, "-m", "pip", "install", "-q", "--retries", "2"]
    for step in ([sys.executable, "-m", "venv", VENV], [*install, "numpy", "pytest", "build"]):
        code, text = run(*step)
        if code:
            shutil.rmtree(VENV, ignore_errors=True)
            reason = text.strip().split("\n")[-1]
            finish(0, 0, 1, f"the Python wheel: `{' '.join(step[1:4])}` failed ({reason}): skipped")


def copy_tree(to):
    """The tree without what git ignores."""
    for name in run("git", "-C", ROOT, "ls-files", "-co", "--exclude-standard")[1].split("\n"):
        path = os.path.join(ROOT, name)
        if name and os.path.lexists(path):
            os.makedirs(os.path.dirname(os.path.join(to, name)), exist_ok=True)
            shutil.copy2(path, os.path.join(to, name), follow_symlinks=False)


def check_sdist(work):
    """The source distribution, unpacked, can be configured."""
    tree = os.path.join(work, "tree")
    git = ["git", "-C", tree, "-c", "user.name=test", "-c", "user.email=test@example.org"]
    steps = [[*git, "init", "-q"], [*git, "add", "-A"], [*git, "commit", "-q", "-m", "all"],
             [PYTHON, "-m", "build", "--sdist", "-o", work, tree], ["sh", "-c", f"cd {work} && mkdir source && tar -x -f *.tar.gz -C source"],
             ["sh", "-c", f"meson setup {work}/source-build {work}/source/* -Dpython=true -Dtests=disabled -Dsamples=disabled"]]
    for step in steps:
        code, text = run(*step)
        if code:
            finish(0, 1, 0, text)


def build_wheel(work):
    copy_tree(os.path.join(work, "tree"))
    code, text = run(PYTHON, "-m", "pip", "wheel", "--no-deps", "-w", work, os.path.join(work, "tree"))
    wheels = [name for name in os.listdir(work) if name.endswith(".whl")]
    if code or len(wheels) != 1:
        finish(0, 1, 0, text)
    if "-py3-none-" not in wheels[0] or wheels[0].endswith("-any.whl"):
        finish(0, 1, 0, f"{wheels[0]}: it should be for any Python 3, and for one platform")
    code, text = run(PYTHON, "-m", "pip", "install", "-q", "--force-reinstall", "--no-deps", os.path.join(work, wheels[0]))
    if code:
        finish(0, 1, 0, text)


def run_tests(work):
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "OCELLI_LIBRARY")}
    tests = os.path.join(ROOT, "test", "python")
    code, text = run(PYTHON, "-m", "pytest", "-q", "-rfs", "-p", "no:cacheprovider", tests, cwd=work,
                     env={**environment, "OCELLI_COMMAND": COMMAND, "PYTHONDONTWRITEBYTECODE": "1"})
    last = text.split("\n")[-2]
    counts = [sum(int(n) for n in re.findall(rf"(\d+) {kinds}", last)) for kinds in ("passed", "(?:failed|error)", "skipped")]
    if code and not counts[1]:
        counts[1] = 1
    finish(counts[0] + 2, counts[1], counts[2], text)  # two more: the wheel itself, the source distribution


with tempfile.TemporaryDirectory() as folder:
    make_environment()
    build_wheel(folder)
    check_sdist(folder)
    run_tests(folder)
