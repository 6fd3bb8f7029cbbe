# SPDX-License-Identifier: Apache-2.0
"""Runs the tests of a build folder, one after another, and counts single tests: run.py FOLDER [--suite NAME]..."""
import argparse
import json
import os
import re
import subprocess
import sys

LINE = re.compile(r"^\[  (PASSED|FAILED|SKIPPED) +\] (\d+) test\(s\)", re.M)
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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--suite", action="append")
    args = parser.parse_args()
    listed = json.loads(subprocess.check_output(["meson", "introspect", "--tests", args.folder]))
    total = [0, 0, 0]
    for test in listed:
        suites = [name.split(":")[-1] for name in test["suite"]]
        if args.suite and not set(suites) & set(args.suite):
            continue
        environment = dict(os.environ, **test["env"])
        try:
            done = subprocess.run(test["cmd"], cwd=test.get("workdir") or args.folder, env=environment, stdin=subprocess.DEVNULL, timeout=600,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
            output, code = done.stdout, done.returncode
        except subprocess.TimeoutExpired as late:
            output, code = (late.stdout or b"").decode(errors="replace") + "\ntimed out\n", 1
        one = [int(code == 0), int(code != 0), 0] if "house" in suites else counts(output, code)
        total = [a + b for a, b in zip(total, one)]
        if one[1]:
            print(f"---- {test['name']}\n{output[-6000:]}")
        elif one[2]:
            print(f"---- {test['name']}: " + "; ".join(re.findall(r"^.*skipped$", output, re.M)[:3]))
    print(f"{total[0]} passed, {total[1]} failed, {total[2]} skipped", flush=True)
    return 1 if total[1] else 0


sys.exit(main())
