# SPDX-License-Identifier: Apache-2.0
"""How much slower are choices by estimate than choices by measurement? untuned.py OCELLI [--first K] [--every N] [--full] [FILE...]

For each problem of the files (default: problems/*.txt beside this file) the solver is asked for that would be chosen if nothing had been
measured, then all are tuned: as each is usually set, or with --full in every setting. Both times are the tuner's, so that they compare. Prints the
geometric mean of chosen / best by file, and every problem beyond --most (1.3): that is the goal. The cache folder is --cache (default: one
of its own, which is thrown away); measurements found there are forgotten first, programs and verdicts stay, so that a second run takes
only as long as measuring does."""
import argparse
import glob
import json
import math
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def problems_of(path, first, every):
    with open(path, encoding="utf-8") as file:
        lines = [line.split("#")[0].strip() for line in file]
    return [line for line in lines if line][first::every]


def call(args, env):
    return json.loads(subprocess.run(args, env=env, check=True, stdout=subprocess.PIPE).stdout or "[]")


def batch(folder, problems):
    path = os.path.join(folder, "problems.txt")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(problems) + "\n")
    return ["--batch-file", path, "--json"]


def read_times(cache):
    """By problem: by solver, microseconds."""
    times = {}
    with open(os.path.join(cache, "find.db"), encoding="utf-8") as file:
        for line in file:
            _, problem, solver, took = line.split("\t")[:4]
            times.setdefault(problem, {})[solver] = float(took.split()[0])
    return times


def measure(options, cache, path):
    """(ratio, problem, chosen, its time, best, its time) of each problem."""
    problems = problems_of(path, options.first, options.every)
    env = {**os.environ, "OCELLI_CACHE": cache, "OCELLI_TUNE": "off"}
    device = ["-d", options.device] if options.device else []
    if os.path.exists(os.path.join(cache, "find.db")):
        os.remove(os.path.join(cache, "find.db"))
    chosen = call([options.ocelli, "bench", "--peak", "1e9", *device, *batch(cache, problems)], env)
    call([options.ocelli, "tune", *device, *(["--full"] if options.full else []), *batch(cache, problems)], env)
    times, rows = read_times(cache), []
    for one in chosen:
        text = one["problem"].split(";lay=")[0]
        solvers = times.get(text)
        if not solvers or one["solver"] not in solvers:
            print(f"no measurement of {text} by {one['solver']}", file=sys.stderr)
            continue
        usual = one["min_ms"] * 1e3 if options.full else solvers[one["solver"]]
        best = min(solvers, key=solvers.get)
        rows.append((usual / solvers[best], text, one["solver"], usual, best, solvers[best]))
    return rows


def report(name, rows, most):
    if not rows:
        return
    mean = math.exp(sum(math.log(row[0]) for row in rows) / len(rows))
    beyond = sorted((row for row in rows if row[0] > most), reverse=True)
    print(f"{name}: {len(rows)} problems, untuned / tuned {mean:.3f} (geometric mean), {len(beyond)} beyond {most}")
    for ratio, text, chosen, usual, best, least in beyond:
        print(f"  {ratio:6.2f}  {text}  {chosen} {usual:.1f} us, {best} {least:.1f} us")
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("ocelli")
    parser.add_argument("files", nargs="*")
    parser.add_argument("--every", type=int, default=1, help="only each N-th problem of a file")
    parser.add_argument("--first", type=int, default=0, help="from this one on")
    parser.add_argument("--full", action="store_true", help="tune every setting")
    parser.add_argument("--most", type=float, default=1.3)
    parser.add_argument("--cache", help="folder of programs, verdicts and measurements")
    parser.add_argument("--device")
    options = parser.parse_intermixed_args()
    with tempfile.TemporaryDirectory() as folder:
        cache, rows = options.cache or folder, []
        os.makedirs(cache, exist_ok=True)
        for path in options.files or sorted(glob.glob(os.path.join(HERE, "problems", "*.txt"))):
            found = measure(options, cache, path)
            report(os.path.basename(path), found, options.most)
            rows += found
        report("all", rows, options.most)


if __name__ == "__main__":
    main()
