# SPDX-License-Identifier: Apache-2.0
"""Placement, figure by figure: placement.py [--build BUILD] [--nets NETS] [--intel LIBRARY_FOLDER] [--fast] [--only PART ...]

Devices are PoCL's `basic` ones (a core each), Intel's CPU runtime where its folder is given (PyPI intel-opencl-rt: the environment's lib),
and what else is installed. Networks: <NETS>/<name>-folded/model.onnx, as test/bench/export.py makes them. Run it on an idle machine."""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

NETWORKS = ["resnet18", "vgg11", "mobilenet_v2"]
EXPORTED = ["squeezenet1_1", "googlenet", "densenet121", "resnet18", "mobilenet_v2", "alexnet", "inception_v3", "resnet50", "vgg16"]
TWO = {"POCL_DEVICES": "basic basic", "POCL_AFFINITY": "0"}


def command(args):
    return os.path.join(args.build, "samples", "ocelli")


def model(args, name):
    for folder in (name + "-folded", name):
        path = os.path.join(args.nets, folder, "model.onnx")
        if os.path.exists(path):
            return path
    return None


def start(args, words, env=None, cpu=None):
    words = (["taskset", "-c", str(cpu)] if cpu is not None else []) + [command(args), *words]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **(env or {})})


def finish(process):
    out, err = process.communicate()
    if process.returncode:
        print("failed:", err.strip()[-300:], file=sys.stderr)
        return None
    return json.loads(out)


def median_ms(args, path, more, env=None):
    value = finish(start(args, ["run", path, "--json", "--repeat", str(args.repeat), *more], env))
    return value["median_ms"] if value else float("nan")


def section(title, *columns):
    print(f"\n## {title}\n")
    print("| " + " | ".join(columns) + " |")
    print("|" + "---|" * len(columns), flush=True)


def row(*cells):
    print("| " + " | ".join(f"{c:.3f}" if isinstance(c, float) else str(c) for c in cells) + " |", flush=True)


def own_model(args, name, folder):
    """As exported, else as `ocelli net` makes it."""
    path = model(args, name) or os.path.join(folder, name + ".onnx")
    if not os.path.exists(path):
        subprocess.run([command(args), "net", name, "--onnx", path], check=True, stdout=subprocess.DEVNULL)
    return path


def split(args):
    section("split over two one-core devices, batch 8, against two processes of one device at the same time: medians of rounds in turns",
            "network", "split ms", "two processes of batch 4, ms", "throughput", "quartiles", "two of batch 8, ms", "throughput")
    with tempfile.TemporaryDirectory() as folder:
        for name in NETWORKS:
            split_one(args, name, own_model(args, name, folder))


def two_processes(args, path, batch):
    both = [start(args, ["run", path, "--json", "--repeat", str(args.repeat), "--dim", f"N={batch}", "-d", "0:0"], TWO, cpu)
            for cpu in range(2)]
    return statistics.mean(finish(p)["median_ms"] for p in both)


def split_one(args, name, path):
    rounds = []
    for _ in range(3 if args.fast else 7):
        together = median_ms(args, path, ["--dim", "N=8", "-d", "0:0,0:1", "--policy", "split"], TWO)
        rounds.append((together, two_processes(args, path, 4)))
    together, alone = [statistics.median(times) for times in zip(*rounds)]
    low, middle, high = statistics.quantiles((b / a for a, b in rounds), n=4)
    whole = two_processes(args, path, 8)
    row(name, together, alone, middle, f"{low:.3f} ... {high:.3f}", whole, whole / 2 / together)


def images_per_second(process):
    out, err = process.communicate()
    if process.returncode:
        print("failed:", err.strip()[-300:], file=sys.stderr)
        return float("nan")
    return json.loads(out.splitlines()[-1])["images_per_second"]


def training(args):
    section("training ResNet-18 on 32 x 32, batch 32 split over two one-core devices, images a second", "split",
            "two processes of batch 16", "split / processes", "one device, batch 32", "split / one device")
    with tempfile.TemporaryDirectory() as folder:
        images, labels = os.path.join(folder, "x.npy"), os.path.join(folder, "y.npy")
        write_npy(images, "<f4", (320, 3, 32, 32), b"\0\0\x80\x3e\0\0\0\x3f" * (320 * 3 * 32 * 32 // 2))
        write_npy(labels, "<i8", (320,), b"".join(bytes([i % 10, 0, 0, 0, 0, 0, 0, 0]) for i in range(320)))
        words = ["train", "resnet18", "--images", images, "--labels", labels, "--outputs", "10", "--epochs", "4", "--lr", "0.01", "--json"]
        together = images_per_second(start(args, [*words, "--batch", "32", "-d", "0:0,0:1"], TWO))
        both = [start(args, [*words, "--batch", "16", "-d", "0:0"], TWO, cpu) for cpu in range(2)]
        alone = sum(images_per_second(p) for p in both)
        one = images_per_second(start(args, [*words, "--batch", "32", "-d", "0:0"], TWO))
        row(together, alone, together / alone, one, together / one)


def write_npy(path, kind, shape, data):
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * ((-len(header) - 11) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + data)


def ids(args, env):
    value = finish(start(args, ["devices", "--json"], env)) or []
    return {d["platform"]: d["id"] for d in reversed(value)}


def pairs_of_platforms(args, folder):
    """Environments in which two platforms have a device each; of PoCL and Intel's runtime each has one processor."""
    pairs = []
    if args.intel:
        open(os.path.join(folder, "intel.icd"), "w").write(os.path.join(args.intel, "libintelocl.so") + "\n")
        open(os.path.join(folder, "pocl.icd"), "w").write("libpocl.so.2\n")
        pairs.append({"OCL_ICD_VENDORS": folder, "LD_LIBRARY_PATH": args.intel, "POCL_DEVICES": "basic", "DPCPP_CPU_NUM_CUS": "1",
                      "POCL_AFFINITY": "0"})
    return [*pairs, {"RUSTICL_ENABLE": "llvmpipe"}]


def platforms(args):
    section("two platforms, batch 8: auto against the best alone; where each has a processor, against two processes at once", "network",
            "devices", "alone ms", "auto ms", "policy", "best / auto", "at once ms (rows)", "best / at once", "at once / auto",
            "images a second at once / best")
    known = finish(start(args, ["cache", "--json"]))["folder"]
    with tempfile.TemporaryDirectory() as folder:
        own = os.path.join(folder, "cache")  # programs as they are there; costs as of now
        shutil.copytree(known, own, ignore=shutil.ignore_patterns("speed-*", "history-*"))
        for env in pairs_of_platforms(args, folder):
            env["OCELLI_CACHE"] = own
            found = ids(args, env)
            for name in (["resnet18", "squeezenet1_1"] if "DPCPP_CPU_NUM_CUS" in env else ["squeezenet1_1"]):
                if len(found) >= 2 and model(args, name):
                    platforms_one(args, name, found, env)


def rows_ms(args, path, device, env, rows, cpu=None):
    """A process that begins to run so many rows again and again."""
    return start(args, ["run", path, "--json", "--repeat", str(args.repeat), "--dim", f"N={rows}", "-d", device], env, cpu)


def at_once(args, path, devices, env, speeds):
    """8 rows in two processes at the same time, bound by the slower one; with the best of the three shares next to their speeds."""
    first = 8 * speeds[0] / sum(speeds)
    tried = []
    for rows in sorted({min(7, max(1, round(first) + d)) for d in (-1, 0, 1)}):
        shares = (rows, 8 - rows)
        both = [rows_ms(args, path, device, env, share, cpu) for cpu, (device, share) in enumerate(zip(devices, shares))]
        times = [finish(p)["median_ms"] for p in both]
        tried.append((max(times), sum(share / ms for share, ms in zip(shares, times)), shares))
    return min(tried), max(t[1] for t in tried)


def platforms_one(args, name, found, env):
    path, devices = model(args, name), list(found.values())
    alone, autos = [[], []], []
    for _ in range(2 if args.fast else 4):  # in turns, so that all meet the same disturbances
        for times, device in zip(alone, devices):
            times.append(finish(rows_ms(args, path, device, env, 8))["median_ms"])
        autos.append(finish(rows_ms(args, path, ",".join(devices), env, 8)))
    alone, auto = [statistics.median(times) for times in alone], statistics.median(a["median_ms"] for a in autos)
    cells = [name, " + ".join(found), " / ".join(f"{x:.1f}" for x in alone), auto, autos[-1]["policy"], min(alone) / auto]
    if "DPCPP_CPU_NUM_CUS" in env:
        (together, _, shares), rate = at_once(args, path, devices, env, [1 / x for x in alone])
        cells += [f"{together:.1f} ({shares[0]} + {shares[1]})", min(alone) / together, together / auto, rate * min(alone) / 8]
    row(*cells, *["-"] * (10 - len(cells)))


def measure_steps(args, paths, names, cache, seen):
    """Each network's steps into the cache; what its runs took, by name, goes into `seen`."""
    for name in names:
        value = finish(start(args, ["plan", paths[name], "-d", "0:0,0:1", "--policy", "single", "--measure", "--json"],
                             {**TWO, "OCELLI_CACHE": cache}))
        seen.setdefault(name, []).append(value["measured_ms"])


def leave_one_out(args, paths, names, cache, seen, predicted):
    """The cache knows all networks but `names`: each half is predicted when the other one is known as well."""
    if len(names) == 1:
        words = ["plan", paths[names[0]], "-d", "0:0,0:1", "--policy", "single", "--json"]
        predicted[names[0]] = finish(start(args, words, {**TWO, "OCELLI_CACHE": cache}))["predicted_ms"]
        return
    for half in (names[::2], names[1::2]):
        with tempfile.TemporaryDirectory() as folder:
            own = os.path.join(folder, "cache")
            shutil.copytree(cache, own)
            others = [name for name in names if name not in half]
            for _ in range(1 if args.fast else 2):  # what disturbs one run may spare the other
                measure_steps(args, paths, others, own, seen)
            leave_one_out(args, paths, half, own, seen, predicted)


def prediction(args):
    section("prediction from other networks' steps: one device (least of several medians)", "network", "predicted ms", "measured ms",
            "off by")
    paths = {name: path for name in EXPORTED if (path := model(args, name))}
    seen, predicted, errors = {}, {}, []
    if len(paths) < 2:
        return
    with tempfile.TemporaryDirectory() as cache:
        leave_one_out(args, paths, list(paths), cache, seen, predicted)
    for name in paths:
        errors.append(predicted[name] / min(seen[name]) - 1)
        row(name, predicted[name], min(seen[name]), f"{100 * errors[-1]:+.0f} %")
    print(f"\nmedian error {100 * statistics.median(map(abs, errors)):.1f} %, largest {100 * max(map(abs, errors)):.0f} %")


def makespans(args):
    section("the clock against the machine: two devices, steps known", "network", "policy", "predicted ms", "measured ms", "off by")
    for name in ("googlenet", "resnet18"):
        path = model(args, name)
        if not path:
            continue
        with tempfile.TemporaryDirectory() as cache:
            env = {**TWO, "OCELLI_CACHE": cache}
            for _ in range(2):
                finish(start(args, ["plan", path, "-d", "0:0,0:1", "--dim", "N=4", "--policy", "single", "--measure", "--json"], env))
            for policy in ("single", "heft", "split", "pipeline", "auto"):
                value = finish(start(args, ["plan", path, "-d", "0:0,0:1", "--dim", "N=4", "--policy", policy, "--json"], env))
                real = median_ms(args, path, ["-d", "0:0,0:1", "--dim", "N=4", "--policy", policy], env)
                row(name, policy, value["predicted_ms"], real, f"{100 * (value['predicted_ms'] / real - 1):+.0f} %")


def described(args):
    section("machines that are only described, batch 16: ms", "network", "machine", "single", "heft", "split", "pipeline", "interval of pipeline")
    machines = os.path.join(os.path.dirname(__file__), "..", "..", "samples", "machines")
    for name in ("inception_v3", "densenet121"):
        path = model(args, name)
        for machine in sorted(os.listdir(machines)) if path else []:
            values = {p: finish(start(args, ["plan", path, "--machine", os.path.join(machines, machine), "--dim", "N=16", "--policy", p, "--json"]))
                      for p in ("single", "heft", "split", "pipeline")}
            row(name, machine, *[v["predicted_ms"] for v in values.values()], values["pipeline"]["interval_ms"])


def overhead(args):
    section("one device of two: what placing costs, in pairs of processes at the same time, processors changed each time", "network",
            "pairs", "run on one ms", "policy single over two ms", "median ratio", "quartiles")
    for name in ("squeezenet1_1", "resnet18"):
        if model(args, name):
            overhead_one(args, name)


def overhead_one(args, name):
    words, times = ["run", model(args, name), "--json", "--repeat", "40", "-d"], []
    for i in range(8 if args.fast else 24):
        one = start(args, [*words, "0:0"], TWO, i % 2)
        two = start(args, [*words, "0:0,0:1", "--policy", "single"], TWO, 1 - i % 2)
        times.append([finish(p)["median_ms"] for p in (one, two)])
    swapped = [(a[1] / a[0] * b[1] / b[0]) ** 0.5 for a, b in zip(times[::2], times[1::2])]
    low, middle, high = statistics.quantiles(swapped, n=4)
    row(name, len(times), *[statistics.median(t) for t in zip(*times)], middle, f"{low:.3f} ... {high:.3f}")


def heft(args):
    print("\n## heft on random graphs\n", flush=True)
    subprocess.run([os.path.join(args.build, "test", "bench-dags")], check=True)


PARTS = [split, training, platforms, overhead, prediction, makespans, described, heft]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build")
    parser.add_argument("--nets", default=os.path.join(os.environ.get("OCELLI_PEERS", os.environ.get("OCELLI_PEERS_VENV", ".peers")), "nets"))
    parser.add_argument("--intel", help="the folder of libintelocl.so")
    parser.add_argument("--fast", action="store_true", help="fewer runs")
    parser.add_argument("--only", nargs="+", choices=[part.__name__ for part in PARTS], help="these parts, not all of them")
    args = parser.parse_args()
    args.repeat = 7 if args.fast else 15
    for part in PARTS:
        if not args.only or part.__name__ in args.only:
            part(args)


if __name__ == "__main__":
    main()
