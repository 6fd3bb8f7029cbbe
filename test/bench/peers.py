# SPDX-License-Identifier: Apache-2.0
"""Ocelli and other libraries side by side, in one run: tables in Markdown on stdout, what goes on on stderr.

Makes a virtual environment ($OCELLI_PEERS_VENV, default .peers in the working directory) with what PyPI has of the peers, exports
the networks there (export.py) and times them in alternating rounds, each peer in a process of its own, nothing else at the same
time. All have the same weights, images and number of threads, in float32; times are from arrays in host memory to arrays in host
memory. Peers that cannot be installed, or cannot read a model, are listed below the table."""
import argparse
import json
import math
import os
import subprocess
import sys
import time
import venv

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
VENV = os.path.abspath(os.environ.get("OCELLI_PEERS_VENV", ".peers"))
PACKAGES = ["onnx", "onnxruntime", "openvino", "torch", "torchvision", "MNN", "ncnn", "pnnx", "onednn-devel"]
PEERS = ["onnxruntime", "openvino", "torch", "mnn", "ncnn"]
GOALS = {"alexnet": 1.1, "vgg16": 1.2, "resnet18": 1.4, "resnet50": 1.15, "googlenet": 1.15, "densenet121": 1.1,
         "squeezenet1_1": 1.1, "mobilenet_v2": 1.0, "inception_v3": 1.1}
REST = 0.3  # seconds between turns: threads of the last peer's pool stop waiting busily


def say(text):
    print(text, file=sys.stderr, flush=True)


def median(values):
    values = sorted(values)
    half = len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2


def prepare(args):
    """Goes on in the environment's Python, with everything that can be installed."""
    python = os.path.join(VENV, "bin", "python")
    if os.path.realpath(sys.prefix) == os.path.realpath(VENV):
        return
    if not os.path.exists(python):
        say(f"making {VENV}")
        venv.create(VENV, with_pip=True)
    listed = subprocess.run([python, "-m", "pip", "list", "--format=json"], capture_output=True, text=True, check=True)
    there = {item["name"].lower() for item in json.loads(listed.stdout)}
    for package in PACKAGES:
        if package.lower() in there or args.no_install:
            continue
        say(f"installing {package}")
        done = subprocess.run([python, "-m", "pip", "install", "-q", "--only-binary", ":all:", package], stdout=sys.stderr, check=False)
        if done.returncode:
            say(f"{package} cannot be installed")
    os.execv(python, [python, os.path.abspath(__file__), *sys.argv[1:]])


def children_environment(threads):
    """As many threads for all: by affinity where there are more processors, and by the variables of thread pools."""
    cpus = sorted(os.sched_getaffinity(0))[:threads]
    os.sched_setaffinity(0, cpus)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "POCL_MAX_PTHREAD_COUNT"):
        os.environ[name] = str(threads)


def own_environment(args):
    """Where peer.py finds Ocelli's package and library; PoCL's threads are bound as the command `ocelli` does (device.h)."""
    build = os.path.dirname(os.path.dirname(os.path.abspath(args.ocelli)))
    os.environ["PYTHONPATH"] = os.path.join(build, "python")
    os.environ["OCELLI_LIBRARY"] = os.path.join(build, "lib", "libocelli.so")
    if len(os.sched_getaffinity(0)) == os.cpu_count():
        os.environ.setdefault("POCL_AFFINITY", "1")


class Peer:
    """A process of peer.py."""

    def __init__(self, name, model, image, args, folder):
        self.name, self.medians, self.least, self.error, self.note = name, [], float("inf"), None, ""
        self.log = open(os.path.join(args.work, f"{name}.log"), "w", encoding="utf-8")
        command = [sys.executable, os.path.join(HERE, "peer.py"), name, model, image, str(args.threads), folder]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.version = self.ask("load").get("version", "?")

    def ask(self, line):
        if self.error:
            return {}
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
            answer = json.loads(self.process.stdout.readline())
        except (OSError, ValueError):
            answer = {"error": f"ended with {self.process.wait()}"}
        self.error = answer.get("error")
        self.note = answer.get("note", self.note)
        return answer

    def run(self, times):
        seconds = self.ask(f"run {times}").get("seconds")
        if seconds:
            self.medians.append(1e3 * median(seconds))
            self.least = min(self.least, 1e3 * min(seconds))

    def output(self, path):
        self.ask(f"output {path}")

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.log.close()


def difference(path, reference):
    import numpy
    if not os.path.exists(path) or not os.path.exists(reference):
        return None
    a, b = numpy.load(path).astype("f8").ravel(), numpy.load(reference).astype("f8").ravel()
    return float(numpy.linalg.norm(a - b) / numpy.linalg.norm(b)) if a.size == b.size else None


def alternate(runners, args):
    for _ in range(args.rounds):
        for runner in runners:
            runner.run(args.repeat)
            time.sleep(REST)


def compare(network, batch, args):
    import numpy
    form = network + ("" if args.training_form else "-folded")
    model = os.path.join(args.nets, form, "model.onnx")
    size = 299 if network == "inception_v3" else 224
    image = os.path.join(args.work, "image.npy")
    numpy.save(image, numpy.random.default_rng(batch).standard_normal((batch, 3, size, size), dtype=numpy.float32))
    say(f"{network}, batch {batch}")
    runners = [Peer(name, model, image, args, os.path.join(args.work, f"{form}-{name}")) for name in ["ocelli", *args.peers]]
    alternate(runners, args)
    reference, rows = os.path.join(args.work, "onnxruntime.out.npy"), {}
    for runner in runners:
        path = os.path.join(args.work, runner.name + ".out.npy")
        if os.path.exists(path):
            os.remove(path)
        runner.output(path)
    for runner in runners:
        path = os.path.join(args.work, runner.name + ".out.npy")
        rows[runner.name] = {"error": runner.error} if runner.error else {
            "median_ms": median(runner.medians), "min_ms": runner.least, "difference": difference(path, reference),
            "version": runner.version, "note": runner.note}
        runner.close()
    return {"network": network, "batch": batch, "rows": rows}


def best_peer(rows):
    names = [name for name in rows if name != "ocelli" and "median_ms" in rows[name]]
    return min(names, key=lambda name: rows[name]["median_ms"]) if names else None


def cell(row, bold=False):
    if row is None or "median_ms" not in row:
        return "–"
    text = f"{row['median_ms']:.2f} ({row['min_ms']:.2f})"
    return f"**{text}**" if bold else text


def print_table(results, batch, peers):
    print(f"\n### Batch {batch}, ms: median of the rounds' medians (minimum)\n")
    print("| network | Ocelli | " + " | ".join(peers) + " | best peer / Ocelli (of minima) | goal | difference: Ocelli, largest peer |")
    print("|---|" + "---|" * (len(peers) + 4))
    for result in results:
        rows, best = result["rows"], best_peer(result["rows"])
        own = rows["ocelli"]
        ratio = "–"
        if best and "median_ms" in own:
            least = min(row["min_ms"] for name, row in rows.items() if name != "ocelli" and "min_ms" in row)
            ratio = f"{rows[best]['median_ms'] / own['median_ms']:.3f} ({least / own['min_ms']:.3f})"
        others = [rows[name]["difference"] for name in peers if rows[name].get("difference") is not None]
        differences = [f"{own['difference']:.1e}" if own.get("difference") is not None else "–", f"{max(others):.1e}" if others else "–"]
        print(f"| {result['network']} | {cell(own)} | " + " | ".join(cell(rows[name], name == best) for name in peers) +
              f" | {ratio} | {GOALS[result['network']]} | {', '.join(differences)} |")


def print_notes(results):
    versions, errors, notes = {}, [], []
    for result in results:
        for name, row in result["rows"].items():
            where = f"{name}, {result['network']}, batch {result['batch']}"
            if row.get("error"):
                errors.append(f"- {where}: {row['error']}")
            elif name != "ocelli":
                versions[name] = row["version"]
                notes += [f"{result['network']} b{result['batch']} {row['note']}"] if row["note"] else []
    print("\nDifferences: norm of the difference over norm, against ONNX Runtime.")
    print("Versions: " + ", ".join(f"{name} {version}" for name, version in versions.items()) + ".")
    if notes:
        print("PyTorch's fastest form: " + ", ".join(notes) + ".")
    if errors:
        print("\nFailed:\n" + "\n".join(errors))


def training(args):
    """A step of LeNet-5 with 64 images. Ocelli's is `ocelli train` over the sample data, reading of batches included."""
    import numpy
    image = os.path.join(args.work, "digits.npy")
    numpy.save(image, numpy.random.default_rng(0).random((64, 1, 28, 28), dtype=numpy.float32))
    command = [args.ocelli, "train", "lenet5", "--data", os.path.join(ROOT, "samples", "data"), "--batch", "64", "--epochs", "4", "--json"]
    torch, ours = Peer("torch-training", "-", image, args, args.work), []
    for _ in range(args.rounds):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            say(done.stderr)
            break
        ours += [64e3 / json.loads(line)["images_per_second"] for line in done.stdout.splitlines()[1:]]
        time.sleep(REST)
        torch.run(10 * args.repeat)
        time.sleep(REST)
    torch.close()
    result = {"ocelli": {"median_ms": median(ours), "min_ms": min(ours)} if ours else {"error": "train fails"},
              "torch": {"median_ms": median(torch.medians), "min_ms": torch.least} if torch.medians else {"error": torch.error}}
    print("\n### A training step, LeNet-5, batch 64, SGD, ms: median (minimum)\n")
    print("| Ocelli | torch | torch / Ocelli |\n|---|---|---|")
    ratio = f"{result['torch']['median_ms'] / result['ocelli']['median_ms']:.3f}" if ours and torch.medians else "–"
    print(f"| {cell(result['ocelli'])} | {cell(result['torch'])} | {ratio} |")
    print("\nOcelli: means over epochs of 79 steps, the gathering of batches included. PyTorch: the same 64 images each time.")
    return result


def layer_round(args, chunk, peer, times):
    """Some problems by Ocelli, then by oneDNN."""
    path = os.path.join(args.work, "layers.txt")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(chunk) + "\n")
    done = subprocess.run([args.ocelli, "bench", "--batch-file", path, "--json"], capture_output=True, text=True, check=False)
    if done.stderr:
        say(done.stderr.strip())
    results = json.loads(done.stdout)
    for text, got in zip(chunk, results if len(results) == len(chunk) else []):
        times[text]["ocelli"].append(got["median_ms"])
        times[text]["solver"] = got["solver"]
    time.sleep(REST)
    for text in chunk:
        times[text]["onednn"] += [1e3 * value for value in peer.ask("layer " + text).get("seconds", [])]
    time.sleep(REST)


def layers(args):
    """Convolutions of the problem file, in chunks that alternate."""
    with open(os.path.join(HERE, "problems", "conv.txt"), encoding="utf-8") as file:
        lines = [line.split("#") for line in file if line.startswith("conv2d:")]
    texts = [line[0].strip() for line in lines if any(name in line[1].replace(",", " ").split() for name in args.networks)]
    times = {text: {"ocelli": [], "onednn": [], "solver": ""} for text in texts}
    peer = Peer("onednn-layers", "-", "-", args, args.work)
    call = 1e3 * min(peer.ask("layer conv2d:mb1ic16ih1oc16kh1").get("seconds", [0]))
    for _ in range(args.rounds):
        for at in range(0, len(texts), 20):
            layer_round(args, texts[at:at + 20], peer, times)
    peer.close()
    print("\n### Convolutions, ms: medians; oneDNN's direct one, within PyTorch, in its own layouts\n")
    print("| problem | solver | Ocelli | oneDNN | oneDNN / Ocelli |\n|---|---|---|---|---|")
    ratios, pure = [], []
    for text, row in times.items():
        own, other = (median(row[name]) if row[name] else None for name in ("ocelli", "onednn"))
        ratios += [other / own] if own and other else []
        pure += [max(other - call, 0.1 * other) / own] if own and other else []
        print(f"| {text} | {row['solver']} | " + " | ".join(f"{x:.4f}" if x else "–" for x in (own, other)) +
              f" | {f'{ratios[-1]:.3f}' if own and other else '–'} |")
    if ratios:
        print(f"\nA call of PyTorch takes {call:.4f} ms even for one pixel of 16 channels; below, with and without it.")
        for name, values in (("with", ratios), ("without", pure)):
            print(f"- {name}: geometric mean {math.exp(sum(map(math.log, values)) / len(values)):.3f}, least {min(values):.3f}, "
                  f"{sum(value < 0.8 for value in values)} of {len(values)} below 0.8")
    print("\nNo Winograd of oneDNN: PyPI's package (onednn-devel) computes through SYCL, for which PyPI has no CPU adapter.")
    if peer.error:
        print(f"\nFailed: {peer.error}")
    return times


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        fields = dict((part.strip() for part in line.split(":", 1)) for line in file if ":" in line)
    return f"{fields.get('model name', 'unknown')} (family {fields.get('cpu family')}, model {fields.get('model')})"


def print_machine(args):
    """The processor, and its peaks by Ocelli's kernel and by intrinsics (peak.c), each the best of three."""
    load = os.getloadavg()[0]
    program = os.path.join(os.path.dirname(os.path.abspath(args.ocelli)), "..", "test", "bench-peak")
    kernel, copy, checked = 0, 0, None
    for _ in range(3):
        done = subprocess.run([args.ocelli, "bench", "peak", "--json"], capture_output=True, text=True, check=True)
        measured = json.loads(done.stdout)
        kernel, copy = max(kernel, measured[0]["gflops"]), max(copy, measured[1]["gbytes"])
        if os.path.exists(program):
            done = subprocess.run([program, str(args.threads)], capture_output=True, text=True, check=True)
            checked = max(checked or json.loads(done.stdout), json.loads(done.stdout), key=lambda value: value["gflops"])
    print(f"# Ocelli and its peers\n\n{processor()}, {args.threads} threads, {args.rounds} rounds of {args.repeat} runs, f32; "
          f"load before it began {load:.2f}.\n")
    print(f"Peak: {kernel:.1f} GFLOP/s by Ocelli's kernel, " +
          (f"{checked['gflops']:.1f} by intrinsics ({checked['form']}), ratio {kernel / checked['gflops']:.3f}" if checked
           else "not cross-checked (bench-peak is not built)") + f"; copy {copy:.1f} GB/s.", flush=True)
    if checked and not 0.95 < kernel / checked["gflops"] < 1.02:
        print("ERROR: the two peaks differ: something else runs, or one falls short; no share of this run can be trusted.")
    return {"processor": processor(), "kernel_gflops": kernel, "checked": checked, "copy_gbytes": copy, "load": load}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="+", choices=list(GOALS), default=list(GOALS))
    parser.add_argument("--batch", nargs="+", type=int, default=[1, 8])
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=PEERS)
    parser.add_argument("--repeat", type=int, default=10, help="runs a round (default 10)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds (default 5)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--training", action="store_true", help="training steps instead of networks")
    parser.add_argument("--layers", action="store_true", help="the networks' convolutions, each alone, against oneDNN instead")
    parser.add_argument("--training-form", action="store_true", help="models in which BatchNormalization stays a node")
    parser.add_argument("--ocelli", default=os.path.join(ROOT, "build", "samples", "ocelli"), help="the command")
    parser.add_argument("--nets", help="folder of the networks (default: nets in the environment's folder, or $OCELLI_PEERS/nets)")
    parser.add_argument("--no-install", action="store_true", help="take the environment as it is")
    parser.add_argument("--json", metavar="FILE", help="write all numbers there, too")
    args = parser.parse_args()
    args.work = os.path.join(os.environ.get("OCELLI_PEERS", VENV), "work")
    args.nets = args.nets or os.path.join(os.environ.get("OCELLI_PEERS", VENV), "nets")
    return args


def export(args):
    """The networks that are not there yet."""
    for name in args.networks:
        if not os.path.exists(os.path.join(args.nets, name + "-folded", "model.onnx")):
            subprocess.run([sys.executable, os.path.join(HERE, "export.py"), args.nets, "--net", name], stdout=sys.stderr, check=True)


def main():
    args = arguments()
    prepare(args)
    children_environment(args.threads)
    own_environment(args)
    os.makedirs(args.work, exist_ok=True)
    everything = {"machine": None, "results": []}
    alone = args.training or args.layers
    if not alone:
        export(args)
    everything["machine"] = print_machine(args)
    if args.training:
        everything["training"] = training(args)
    if args.layers:
        everything["layers"] = layers(args)
    for batch in [] if alone else args.batch:
        results = [compare(network, batch, args) for network in args.networks]
        print_table(results, batch, args.peers)
        sys.stdout.flush()
        everything["results"] += results
    if everything["results"]:
        print_notes(everything["results"])
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump(everything, file, indent=1)


if __name__ == "__main__":
    main()
