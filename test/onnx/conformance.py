# SPDX-License-Identifier: Apache-2.0
"""ONNX's own tests (Debian's libonnx-testdata) through `ocelli check`: conformance.py OCELLI [--list] [--every N].

None may fail; as many must pass as did, or with --every, which takes each Nth test of a group, some. What is skipped says why; --list prints it, counted by reason. Ends with
"N passed, N failed, N skipped" of the groups of tests."""
import collections
import json
import os
import re
import subprocess
import sys
import tempfile

DATA = os.environ.get("OCELLI_ONNX_TESTS", "/usr/share/libonnx-testdata/data")
LEAST = {"node": 837, "node, written anew": 837, "pytorch-converted": 82, "pytorch-operator": 35}
WRONG = {"test_adam_multiple": "its outputs were computed with an epsilon that the model does not have"}


EVERY = int(sys.argv[sys.argv.index("--every") + 1]) if "--every" in sys.argv else 1


def check(ocelli, group):
    """The results of a group's folders."""
    folder, _, anew = group.partition(", ")
    names = sorted(name for name in os.listdir(os.path.join(DATA, folder)) if name not in WRONG)[::EVERY]
    folders = [os.path.join(DATA, folder, name) for name in names]
    with tempfile.TemporaryDirectory() as work:
        return run_check([ocelli, "check", "--json", *(["--rewrite", work] if anew else []), *folders])


def run_check(command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)["tests"]


def main():
    ocelli = sys.argv[1]
    if not os.path.isdir(os.path.join(DATA, "node")):
        print("libonnx-testdata is not installed\n0 passed, 0 failed, 1 skipped")
        return 0
    good = 0
    for group, least in LEAST.items():
        tests = check(ocelli, group)
        least = least if EVERY == 1 else 1
        passed = sum(test["result"] == "passed" for test in tests)
        failed = [test for test in tests if test["result"] == "failed"]
        skipped = [test for test in tests if test["result"] == "skipped"]
        print(f"{group}: {passed} of {len(tests)} passed, {len(skipped)} skipped, at least {least} should pass")
        for test in failed:
            print(f"    {test['folder']}: {test['reason']}")
        if "--list" in sys.argv:
            reasons = collections.Counter(re.sub(r"^\S*: | \(node '[^']*'\)|'[^']*' ?", "", test["reason"]) for test in skipped)
            print("\n".join(f"    {count:4} {reason}" for reason, count in reasons.most_common()))
        good += not failed and passed >= least
    print(f"{good} passed, {len(LEAST) - good} failed, 0 skipped")
    return 0 if good == len(LEAST) else 1


sys.exit(main())
