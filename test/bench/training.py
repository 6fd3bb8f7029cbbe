# SPDX-License-Identifier: Apache-2.0
"""Training steps of Ocelli and PyTorch side by side, in one run: Markdown on stdout.

Both have the same network (exported in training's form), images, labels, optimizer (SGD with momentum) and number of threads, in
float32, and take turns, each in a process of its own. A step is forward, backward and update, its loss read. Runs in an environment
that has torch, torchvision and onnx (peers.py makes one): training.py [--net NAME]... [--rounds N] [--layers]."""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
NETS = {"lenet5": (64, (1, 28, 28), 10), "mlp": (64, (784,), 10), "resnet18": (8, (3, 224, 224), 1000),
        "resnet18-32": (32, (3, 32, 32), 10), "resnet50": (8, (3, 224, 224), 1000), "vgg11": (4, (3, 224, 224), 1000),
        "densenet121": (4, (3, 224, 224), 1000)}
REST = 0.3  # seconds between turns: threads of the other's pool stop waiting busily


def network(name):
    import torch
    import torchvision.models as zoo
    from torch import nn
    torch.manual_seed(1)
    if name == "lenet5":
        return nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
                             nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))
    if name == "mlp":
        return nn.Sequential(nn.Linear(784, 50), nn.ReLU(), nn.Linear(50, 10))
    if name == "vgg11":
        model = zoo.vgg11(weights=None)
        model.classifier = nn.Sequential(*[m for m in model.classifier if not isinstance(m, nn.Dropout)])
        return model
    return getattr(zoo, name.split("-")[0])(weights=None, num_classes=NETS[name][2])


def make_files(name, folder):
    import numpy
    import torch
    batch, shape, classes = NETS[name]
    generator = torch.Generator().manual_seed(2)
    images = torch.randn(batch, *shape, generator=generator)
    labels = torch.randint(0, classes, (batch,), generator=generator)
    model = os.path.join(folder, "model.onnx")
    torch.onnx.export(network(name).train(), (images,), model, dynamo=False, training=torch.onnx.TrainingMode.TRAINING,
                      do_constant_folding=False, input_names=["image"], output_names=["logits"], opset_version=17,
                      dynamic_axes={"image": {0: "N"}, "logits": {0: "N"}})
    paths = [model, os.path.join(folder, "images.npy"), os.path.join(folder, "labels.npy")]
    numpy.save(paths[1], images.numpy())
    numpy.save(paths[2], labels.numpy())
    return paths


def answer_torch(name, threads):
    """The other side of the pipe: PyTorch, as it is or with channels last, whichever is faster."""
    import torch
    torch.set_num_threads(threads)
    batch, shape, classes = NETS[name]
    generator = torch.Generator().manual_seed(2)
    images = torch.randn(batch, *shape, generator=generator)
    labels = torch.randint(0, classes, (batch,), generator=generator)
    forms = []
    for layout in (torch.contiguous_format, torch.channels_last):
        if layout == torch.channels_last and len(shape) < 3:
            continue
        model = network(name).train().to(memory_format=layout)
        forms.append((model, torch.optim.SGD(model.parameters(), lr=0.001, momentum=0.9), images.contiguous(memory_format=layout)
                      if len(shape) == 3 else images))

    def step(form):
        model, optimizer, given = form
        start = time.perf_counter()
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(given), labels)
        loss.backward()
        optimizer.step()
        return float(loss), time.perf_counter() - start

    best = min(forms, key=lambda form: min(step(form)[1] for _ in range(3)))
    for line in sys.stdin:
        got = [step(best) for _ in range(int(line.split()[1]))]
        print(json.dumps({"seconds": [seconds for _, seconds in got], "loss": got[-1][0]}), flush=True)


class Side:
    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.times, self.losses = [], []

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"{self.process.args[0]} ended with {self.process.wait()}")
        return json.loads(answer)

    def run(self, count):
        got = self.ask(f"run {count}")
        self.times += got["seconds"]
        self.losses.append(got["loss"])

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def median(values):
    return sorted(values)[len(values) // 2]


def show_layers(side):
    sums = {}
    for layer in sorted(side.ask("layers")["layers"], key=lambda item: -item["seconds"]):
        rate, seconds = layer["flops"] / max(layer["seconds"], 1e-9) / 1e9, layer["seconds"]
        print(f"{1e3 * seconds:9.3f} ms {rate:8.1f} GFLOP/s {layer['bytes'] / max(seconds, 1e-9) / 1e9:7.1f} GB/s  {layer['solver']:32} "
              f"{layer['problem']}", file=sys.stderr)
        sums[layer["solver"]] = sums.get(layer["solver"], 0) + seconds
    for solver, seconds in sorted(sums.items(), key=lambda item: -item[1]):
        print(f"{1e3 * seconds:9.3f} ms {solver}", file=sys.stderr)


def compare(name, args):
    with tempfile.TemporaryDirectory() as folder:
        ours = Side([args.bench, *make_files(name, folder)])
        theirs = None if args.alone else Side([sys.executable, os.path.abspath(__file__), "--answer", name, "--threads", str(args.threads)])
        sides = [side for side in (ours, theirs) if side]
        for side in sides:
            side.ask("run 1")
        start = time.perf_counter()
        ours.run(1)
        count = max(1, min(20, int(0.5 / (time.perf_counter() - start))))
        for _ in range(args.rounds):
            for side in sides:
                time.sleep(REST)
                side.run(count)
        if args.layers:
            show_layers(ours)
        row = [f"{1e3 * median(side.times):.2f} | {1e3 * min(side.times):.2f}" for side in sides]
        ratio = f"{median(theirs.times) / median(ours.times):.2f} | {min(theirs.times) / min(ours.times):.2f}" if theirs else "| "
        print(f"| {name} | {NETS[name][0]} | {' | '.join(row)} | {ratio} |", flush=True)
        for side in sides:
            side.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--net", action="append", choices=list(NETS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--bench", default=os.path.join(ROOT, "build", "test", "bench-training"))
    parser.add_argument("--layers", action="store_true", help="the steps of a training step by time, on stderr")
    parser.add_argument("--alone", action="store_true", help="without PyTorch")
    parser.add_argument("--answer", choices=list(NETS), help=argparse.SUPPRESS)
    args = parser.parse_args()
    os.environ.setdefault("POCL_AFFINITY", "1")
    os.environ["OMP_NUM_THREADS"] = os.environ["POCL_MAX_PTHREAD_COUNT"] = str(args.threads)
    if args.answer:
        answer_torch(args.answer, args.threads)
        return
    print("| network | batch | Ocelli median ms | min ms | PyTorch median ms | min ms | ratio of medians | of minima |")
    print("|---|---|---|---|---|---|---|---|")
    for name in args.net or list(NETS):
        compare(name, args)


if __name__ == "__main__":
    main()
