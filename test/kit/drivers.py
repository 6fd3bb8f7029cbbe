# SPDX-License-Identifier: Apache-2.0
"""The table of drivers x masks, each cell "passed, failed, skipped": drivers.py FOLDER [--driver NAME]... [--mask MASK]...
[--suite NAME]... [--test PART]... [--small] [--markdown] [--limit SECONDS] [--time SECONDS].

Drivers are those that are installed here: pocl, rusticl (on llvmpipe), oclgrind (small cases, data races looked for),
intel ($OCELLI_INTEL_ICD, or intel-opencl-rt in $OCELLI_PEERS_VENV, .peers). A mask of "none" is
none at all. A program that hangs is killed and counts as failed; the table goes on. After --time seconds no further cell is begun."""
import argparse
import glob
import json
import os
import re
import subprocess
import sys
import tempfile
import time

from run import run_test, tests_of

MASKS = ["none", "wg=1", "wg=16", "wg=64", "local=0", "local=16k", "local=32k", "nofp64", "nofp16", "alloc=64M", "align=4096",
         "inorder", "bits=32", "noimages", "phone"]
# What Oclgrind says of a kernel that does what it must not.
FINDING = re.compile(r"^(Invalid (read|write) of size|(Read|Write)-(read|write) data race|Uninitialized value|Work-group divergence|"
                     r"Unaligned address|Index .* exceeds|Invalid memory load).*", re.M)


def first(*patterns):
    for pattern in patterns:
        for path in sorted(glob.glob(pattern)):
            return path
    return None


def intel():
    named = os.environ.get("OCELLI_INTEL_ICD")
    if named:
        return named
    for folder in (os.environ.get("OCELLI_PEERS_VENV"), ".peers"):
        found = folder and first(os.path.join(folder, "lib", "libintelocl.so"))
        if found:
            return os.path.abspath(found)
    return None


def drivers(scratch):
    """Name -> environment, of what is there. Each sees its own platform alone."""
    found = {}

    def add(name, library, **more):
        if library and library.endswith(".icd"):
            found[name] = {"OCL_ICD_VENDORS": library, **more}
        elif library:  # the loader wants a folder of .icd files
            folder = os.path.join(scratch, name)
            os.makedirs(folder, exist_ok=True)
            with open(os.path.join(folder, name + ".icd"), "w", encoding="utf-8") as file:
                file.write(library + "\n")
            found[name] = {"OCL_ICD_VENDORS": folder, **more}

    add("pocl", first("/etc/OpenCL/vendors/pocl*.icd"))
    add("rusticl", first("/etc/OpenCL/vendors/rusticl.icd"), RUSTICL_ENABLE="llvmpipe")
    add("oclgrind", first("/usr/lib/oclgrind/liboclgrind-rt-icd.so", "/usr/lib/*/liboclgrind-rt-icd.so"), OCELLI_TEST_SMALL="1",
        OCELLI_TEST_FEW="1", OCLGRIND_DATA_RACES="1", OCLGRIND_MAX_ERRORS="20") # its check for uninitialized memory ends at LLVM's freeze
    library = intel()
    if library:
        path = [os.path.dirname(os.path.realpath(library)) if not library.endswith(".icd") else "", os.environ.get("LD_LIBRARY_PATH", "")]
        add("intel", library, OCELLI_TEST_FEW="1", LD_LIBRARY_PATH=":".join(folder for folder in path if folder))
    return found


def device_of(folder, environment):
    """What the driver calls its device, or None and why not."""
    done = subprocess.run([os.path.join(folder, "samples", "ocelli"), "devices", "--json"], env=dict(os.environ, **environment),
                          capture_output=True, text=True, check=False)
    listed = json.loads(done.stdout) if done.returncode == 0 else []
    return (f"{listed[0]['name']}, {listed[0]['driver']}", "") if listed else (None, done.stderr.strip())


def cell(args, tests, driver, environment):
    total = [0, 0, 0]
    for test in tests:
        start = time.time()
        one, output = run_test(test, args.folder, environment, args.limit * (4 if driver == "intel" else 1)) # it compiles for seconds
        findings = FINDING.findall(output) if driver == "oclgrind" else []
        if findings and not one[1]:
            one[1] = 1
        total = [a + b for a, b in zip(total, one)]
        if one[1]:
            print(f"---- {driver} {environment.get('OCELLI_MASK', '')} {test['name']}\n{output[-args.tail:]}")
        if args.verbose:
            print(f"{driver} {environment.get('OCELLI_MASK', '') or 'none'} {test['name']}: {one[0]} passed, {one[1]} failed, "
                  f"{one[2]} skipped, {len(findings)} findings, {time.time() - start:.1f} s", flush=True)
    return total


def row(markdown, *cells):
    print(("| " + " | ".join(cells) + " |") if markdown else "  ".join(f"{text:<24}" for text in cells).rstrip(), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--driver", action="append", help="pocl, rusticl, oclgrind, intel (default: all that are installed)")
    parser.add_argument("--mask", action="append", help="as in OCELLI_MASK, or none (default: each)")
    parser.add_argument("--suite", action="append", help="default: op, api, train")
    parser.add_argument("--test", action="append", help="only tests with this in their names")
    parser.add_argument("--small", action="store_true", help="only small cases, on every driver")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--verbose", action="store_true", help="a line a program")
    parser.add_argument("--limit", type=float, default=600, help="seconds for one program (Intel's: four times that)")
    parser.add_argument("--time", type=float, help="seconds after which no other cell is begun")
    parser.add_argument("--tail", type=int, default=2500, help="characters shown of what failed")
    args = parser.parse_args()
    tests = tests_of(args.folder, args.suite or ["op", "api", "train"], args.test)
    masks, rows, total, start = args.mask or MASKS, [], [0, 0, 0], time.time()
    with tempfile.TemporaryDirectory() as scratch:
        there = drivers(scratch)
        for name in args.driver or there:
            if name not in there:
                print(f"{name} is not installed: skipped")
                total[2] += 1
                continue
            device, why = device_of(args.folder, there[name])
            if device is None:
                print(f"{name}: {why}: skipped")
                total[2] += 1
                continue
            for mask in masks:
                if args.time and time.time() - start > args.time:
                    rows.append((name, mask, "-", "-", "-", "out of time", device))
                    continue
                environment = dict(there[name], OCELLI_MASK="" if mask == "none" else mask, OCELLI_DEVICE="auto")
                if args.small or (name == "intel" and mask != "none"): # it compiles half an hour for all cases
                    environment.update(OCELLI_TEST_SMALL="1", OCELLI_TEST_FEW="1")
                began = time.time()
                sums = cell(args, tests, name, environment)
                total = [a + b for a, b in zip(total, sums)]
                rows.append((name, mask, *map(str, sums), f"{time.time() - began:.0f}", device))
    row(args.markdown, "driver", "mask", "passed", "failed", "skipped", "seconds", "device")
    if args.markdown:
        row(True, *["---"] * 7)
    for line in rows:
        row(args.markdown, *line)
    print(f"{total[0]} passed, {total[1]} failed, {total[2]} skipped")
    return 1 if total[1] else 0


if __name__ == "__main__":
    sys.exit(main())
