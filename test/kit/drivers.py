# SPDX-License-Identifier: Apache-2.0
"""The table of drivers x masks, each cell "passed, failed, skipped": drivers.py FOLDER [--driver NAME]... [--mask MASK]...
[--suite NAME]... [--test PART]... [--small | --all] [--markdown] [--limit SECONDS] [--time SECONDS] [--jobs N] [--keep FILE [--older]].

Drivers are those that are installed here: pocl, rusticl (on llvmpipe), oclgrind (data races looked for),
intel ($OCELLI_INTEL_ICD, or intel-opencl-rt in $OCELLI_PEERS_VENV, .peers). A mask of "none" is none at all. What a cell is made of
stands in EXTENT, LONG and ZONED: all cases, small ones, or small ones of some programs. N programs run at a time, but for those in which
something is timed. A program that hangs is killed and counts as failed; the table goes on. After --time seconds no further program is
begun, and what is left counts as skipped. With --keep what has passed is kept in a file, and not done again while the program and the
library are the same; with --older, whatever they are: then each cell says when and of which commits its results are. What failed is
always done again. --time 0 only shows what is kept."""
import argparse
import concurrent.futures
import glob
import json
import os
import re
import subprocess
import sys
import tempfile
import time

from kept import Kept
from run import is_timed, run_test, suites_of, tests_of

MASKS = ["none", "wg=1", "wg=16", "wg=64", "local=0", "local=16k", "local=32k", "nofp64", "nofp16", "alloc=64M", "align=4096",
         "inorder", "bits=32", "noimages", "phone"]
SUITES = ["op", "api", "train"]
MORE = ["unit", "graph", "net"]  # without a mask
# Driver -> (all cases without a mask?, all cases with one?).
EXTENT = {"pocl": (True, True), "rusticl": (True, True), "intel": (True, False), "oclgrind": (False, False)}
# Intel's compiler takes seconds for a program; Oclgrind simulates one launch at a time, of one thread. There these programs are left out
# but with these masks, and beside the suite op Oclgrind has those whose plans have red zones.
LONG = {"intel": {"op-conv", "op-tune", "op-matmul", "op-eltwise", "cpp-wrapper", "train-trainer"}, "oclgrind": {"op-conv"}}
LONG_MASKS = {"intel": {"none", "phone"}, "oclgrind": {"none", "wg=1", "local=0", "phone"}}
ZONED = {"api-inout", "api-plan", "api-separable"}
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
        OCLGRIND_DATA_RACES="1", OCLGRIND_MAX_ERRORS="20") # its check for uninitialized memory ends at LLVM's freeze
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


class Cell:
    """A driver under a mask."""

    def __init__(self, driver, mask, device, environment, cases):
        self.driver, self.mask, self.device, self.cases = driver, mask, device, cases
        self.environment = dict(environment, OCELLI_MASK="" if mask == "none" else mask, OCELLI_DEVICE="auto")
        if cases != "all":
            self.environment.update(OCELLI_TEST_SMALL="1", OCELLI_TEST_FEW="1")
        self.sums, self.seconds, self.late = [0, 0, 0], 0, 0
        self.dates, self.commits = set(), set()

    def add(self, result):
        """What one program did; None: it was not begun."""
        if result is None:
            self.late += 1
            self.sums[2] += 1
            return
        self.seconds += result["seconds"]
        self.sums = [a + b for a, b in zip(self.sums, result["counts"])]
        self.dates.add(result["date"])
        self.commits.add(result["commit"])

    def when(self):
        """The days and the commits of its results."""
        dates = sorted(self.dates)
        return " to ".join(dates[:1] + dates[1:][-1:]) + " " + " ".join(sorted(self.commits))

    def text(self, commit):
        """Passed, failed, skipped, and what there is to know of them."""
        if not self.dates:
            return ""
        more = [f"{self.late} programs left"] if self.late else []
        more += [", ".join(sorted(self.commits))] if self.commits != {commit} else []
        return ", ".join(map(str, (self.sums[0], self.sums[1], self.sums[2] - self.late))) + (f" ({'; '.join(more)})" if more else "")


def run_one(args, kept, cell, test, end):
    """What one program does in a cell: (cell, what Kept.add() gives, text to be shown)."""
    start, name = time.time(), f"{cell.driver} {cell.mask} {cell.cases} {test['name']}"
    known = kept.find(name, test)
    if known or (end is not None and start >= end):
        return cell, known, ""
    one, output = run_test(test, args.folder, cell.environment, args.limit * (4 if cell.driver == "intel" else 1)) # it compiles for seconds
    findings = FINDING.findall(output) if cell.driver == "oclgrind" else []
    if findings and not one[1]:
        one[1] = 1
    seconds, text = time.time() - start, ""
    if one[1]:
        text = f"---- {cell.driver} {cell.mask} {test['name']}\n{output[-args.tail:]}\n"
    if args.verbose:
        text += f"{cell.driver} {cell.mask} {test['name']}: {one[0]} passed, {one[1]} failed, {one[2]} skipped, {len(findings)} findings, " \
                f"{seconds:.1f} s\n"
    return cell, (name, test, one, seconds), text


def run_all(args, kept, work):
    """Runs (cell, test) each; those that can run beside each other first."""
    end = None if args.time is None else time.time() + args.time
    beside = [(cell, test) for cell, test in work if args.jobs > 1 and not is_timed(test)]
    alone = [(cell, test) for cell, test in work if args.jobs <= 1 or is_timed(test)]
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        futures = [pool.submit(run_one, args, kept, cell, test, end) for cell, test in beside]
        results = (future.result() for future in concurrent.futures.as_completed(futures))
        for done in (results, (run_one(args, kept, cell, test, end) for cell, test in alone)):
            for cell, result, text in done:
                print(text, end="", flush=True)
                cell.add(kept.add(*result) if isinstance(result, tuple) else result)


def tests_in(args, driver, mask):
    """The programs of a cell, and whether some are left out."""
    suites = args.suite or (SUITES if mask != "none" or driver == "oclgrind" else SUITES + MORE)
    tests = tests_of(args.folder, suites, args.test)
    if args.suite or args.test or args.all:
        return tests, False
    if driver == "oclgrind":
        tests = [test for test in tests if "op" in suites_of(test) or (mask == "none" and test["name"] in ZONED)]
    if mask in LONG_MASKS.get(driver, MASKS):
        return tests, False
    return [test for test in tests if test["name"] not in LONG[driver]], True


def cell_of(args, driver, mask, device, environment):
    """(the cell, its tests)"""
    small = args.small or not EXTENT[driver][mask != "none"] and not (args.all and driver != "oclgrind")
    tests, some = tests_in(args, driver, mask)
    return Cell(driver, mask, device, environment, "some small" if some else "small" if small else "all"), tests


def print_rows(cells):
    """A line a cell."""
    rows = [("driver", "mask", "cases", "passed", "failed", "skipped", "seconds", "when", "device")]
    for cell in cells:
        late = f", out of time before {cell.late}" if cell.late else ""
        rows.append((cell.driver, cell.mask, cell.cases, *map(str, cell.sums), f"{cell.seconds:.0f}{late}", cell.when(), cell.device))
    widths = [max(map(len, column)) for column in zip(*rows)]
    for texts in rows:
        print("  ".join(text.ljust(width) for text, width in zip(texts, widths)).rstrip())


def print_grid(cells, commit):
    """Markdown, a line a mask. A cell that holds results of other commits names these."""
    columns = {cell.driver: cell.device for cell in cells}
    at = {(cell.mask, cell.driver): cell for cell in cells}
    print("| mask | " + " | ".join(columns) + " |\n|---" + "|---" * len(columns) + "|")
    for mask in dict.fromkeys(cell.mask for cell in cells):
        texts = [at[mask, name].text(commit) if (mask, name) in at else "" for name in columns]
        print(f"| {mask} | " + " | ".join(texts) + " |")
    print()
    for name, device in columns.items():
        own = [cell for cell in cells if cell.driver == name and cell.dates]
        days = sorted(day for cell in own for day in cell.dates)
        if own:
            print(f"- `{name}` ({device}): {len(own)} cells, {sum(cell.seconds for cell in own):.0f} s, {days[0]} to {days[-1]}")
    print()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--driver", action="append", help="pocl, rusticl, oclgrind, intel (default: all that are installed)")
    parser.add_argument("--mask", action="append", help="as in OCELLI_MASK, or none (default: each)")
    parser.add_argument("--suite", action="append", help="default: op, api and train; without a mask also unit, graph and net")
    parser.add_argument("--test", action="append", help="only tests with this in their names")
    parser.add_argument("--small", action="store_true", help="small cases in each cell")
    parser.add_argument("--all", action="store_true", help="all cases in each cell, but on Oclgrind")
    parser.add_argument("--markdown", action="store_true", help="then also a table, masks x drivers")
    parser.add_argument("--keep", metavar="FILE", help="where results are kept, and found again")
    parser.add_argument("--older", action="store_true", help="take those that are kept of programs that have changed")
    parser.add_argument("--verbose", action="store_true", help="a line a program")
    parser.add_argument("--limit", type=float, default=600, help="seconds for one program (Intel's: four times that)")
    parser.add_argument("--time", type=float, help="seconds after which no other program is begun")
    parser.add_argument("--jobs", type=int, default=1, help="programs at a time")
    parser.add_argument("--tail", type=int, default=2500, help="characters shown of what failed")
    args = parser.parse_args()
    kept = Kept(args.keep, args.older, args.folder)
    cells, work, missing = [], [], 0
    with tempfile.TemporaryDirectory() as scratch:
        there = drivers(scratch)
        for name in args.driver or EXTENT:
            device, why = device_of(args.folder, there[name]) if name in there else (None, "not installed")
            if device is None:
                print(f"{name}: {why}: skipped")
                missing += 1
                continue
            for mask in args.mask or MASKS:
                cell, tests = cell_of(args, name, mask, device, there[name])
                cells.append(cell)
                work += [(cell, test) for test in tests]
        run_all(args, kept, work)
    print_rows(cells)
    if args.markdown:
        print_grid(cells, kept.commit)
    total = [sum(numbers) for numbers in zip([0, 0, missing], *(cell.sums for cell in cells))]
    print(f"{total[0]} passed, {total[1]} failed, {total[2]} skipped")
    return 1 if total[1] else 0


if __name__ == "__main__":
    sys.exit(main())
