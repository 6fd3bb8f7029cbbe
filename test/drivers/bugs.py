# SPDX-License-Identifier: Apache-2.0
"""Builds and runs the reproducers of driver bugs: bugs.py ROOT [CC]. Each bug of lib/device/bugs.def has one and each reproducer is in
the list; where the driver is installed, the bug must still be there: else the exclusion it is the reason of can go."""
import os
import re
import subprocess
import sys
import tempfile

ROOT = sys.argv[1]
CC = sys.argv[2] if len(sys.argv) > 2 else "cc"
HERE = os.path.join(ROOT, "test", "drivers")
sys.path.insert(0, os.path.join(ROOT, "test", "kit"))
sys.path.insert(0, os.path.join(ROOT, "test", "cli"))
import tool  # noqa: E402
from drivers import drivers as find_drivers  # noqa: E402
from tool import check  # noqa: E402

DRIVER_OF = {"Portable Computing Language": "pocl", "rusticl": "rusticl", "Oclgrind": "oclgrind"}
MORE = {"pocl_two_threads": {"POCL_DEVICES": "basic basic"}, "pocl_fork": {"POCL_DEVICES": "pthread"}}

def reproduce(name, environment, folder):
    """What a reproducer's exit says: "gone", "there", "none" (no such driver), or "unbuilt: …"."""
    program = os.path.join(folder, name)
    built = subprocess.run([CC, "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-O1", os.path.join(HERE, name + ".c"), "-o",
                            program, "-lOpenCL", "-lpthread"], capture_output=True, text=True, check=False)
    if built.returncode:
        return "unbuilt: " + built.stderr[-500:]
    try:
        done = subprocess.run([program], env=dict(os.environ, **environment), capture_output=True, text=True, errors="replace",
                              timeout=60, check=False)
    except subprocess.TimeoutExpired:
        return "there"
    return {0: "gone", 77: "none"}.get(done.returncode, "there")


def main():
    with open(os.path.join(ROOT, "lib", "device", "bugs.def"), encoding="utf-8") as file:
        listed = re.findall(r'^OC_BUG\((\w+), "([^"]+)"', file.read(), re.M)
    names = {name[:-2] for name in os.listdir(HERE) if name.endswith(".c")}
    check(names == {name for name, _ in listed}, f"reproducers and list differ: {names ^ {name for name, _ in listed}}")
    with open(os.path.join(ROOT, "docs", "drivers.md"), encoding="utf-8") as file:
        page = file.read()
    for name, _ in listed:
        check(f"`{name}`" in page, f"docs/drivers.md does not tell of {name}")
    with tempfile.TemporaryDirectory() as folder:
        there = find_drivers(folder)
        for name, platform in listed:
            driver = DRIVER_OF[platform]
            if driver not in there:
                print(f"{name}: {driver} is not installed")
                tool.skipped += 1
                continue
            found = reproduce(name, {**there[driver], **MORE.get(name, {})}, folder)
            if found == "none":
                print(f"{name}: {driver} has no such device here")
                tool.skipped += 1
                continue
            check(found == "there", f"{name}: {'this driver no longer has it: its exclusion can go' if found == 'gone' else found}")
    return tool.summary()


sys.exit(main())
