# SPDX-License-Identifier: Apache-2.0
"""torchvision's networks through ONNX against PyTorch in double precision: networks.py OCELLI [--net NAME]... [--size N] [--batch N].

Weights are seeded, running statistics of batch normalization warmed. Compared are the logits, and the gradients of every parameter of one
training step (cross-entropy): with the running statistics, and with those of the batch (dropout off). The numbers are norms of differences
over norms; of the gradients the worst parameter's, whose name is printed with --verbose, and beside it that of PyTorch in single precision.
Without torch and torchvision (in this Python, or
in that of $OCELLI_PEERS_VENV) this is skipped."""
import argparse
import os
import subprocess
import sys
import tempfile
import warnings

from packages import need

need("torch", "torchvision", "onnx")
import numpy  # noqa: E402
import torch  # noqa: E402
import torchvision.models as zoo  # noqa: E402
from torch import nn  # noqa: E402

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bench"))
from export import images, spread  # noqa: E402


class Out(nn.Module):
    """A segmentation network's first output alone."""

    def __init__(self):
        super().__init__()
        self.net = zoo.segmentation.fcn_resnet50(weights=None, weights_backbone=None, num_classes=21)

    def forward(self, x):
        return self.net(x)["out"]


AUX = {"aux_logits": False, "init_weights": True}
NETS = {
    "alexnet": (zoo.alexnet, {}, 224),
    "vgg11": (zoo.vgg11, {}, 224),
    "resnet18": (zoo.resnet18, {}, 224),
    "resnet50": (zoo.resnet50, {}, 224),
    "googlenet": (zoo.googlenet, AUX, 224),
    "densenet121": (zoo.densenet121, {}, 224),
    "squeezenet1_1": (zoo.squeezenet1_1, {}, 224),
    "mobilenet_v2": (zoo.mobilenet_v2, {}, 224),
    "inception_v3": (zoo.inception_v3, AUX, 299),
    "fcn_resnet50": (Out, {}, 224),
    "shufflenet_v2": (zoo.shufflenet_v2_x1_0, {}, 224),
}
LOGITS, GRADIENTS = 1e-3, 2e-3


def smoothed(module):
    """The module with smooth functions for those with a kink. In single precision some values near 0 are on the other side of it than in
    double precision; each such element changes gradients by up to thousandths, in PyTorch as in Ocelli."""
    for name, child in module.named_children():
        if isinstance(child, (nn.ReLU, nn.ReLU6)):
            setattr(module, name, nn.SiLU())
        elif isinstance(child, nn.MaxPool2d):
            setattr(module, name, nn.AvgPool2d(child.kernel_size, child.stride, child.padding, child.ceil_mode))
        else:
            smoothed(child)
    return module


def make(name, size):
    """torchvision's own first weights, seeded; warmed statistics; no dropout."""
    function, options, usual = NETS[name]
    size = size or usual
    torch.manual_seed(sum(map(ord, name)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = function(**({"weights": None, **options} if function is not Out else options))
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    for m in model.modules():
        if isinstance(m, nn.Dropout):
            m.p = 0.0
    for m in norms:
        m.momentum = None  # the mean over all batches
    with torch.no_grad():
        for key, value in model.named_parameters():  # the exporter writes equal ones, such as zeros, once
            if value.dim() == 1:
                value += 0.05 * torch.randn(value.shape)
    model.train()
    with torch.no_grad():
        for i in range(2 if norms else 0):
            model(images(4, size, 100 + i))
    model.eval()
    if function is not Out:
        spread(model, size)
    for m in norms:
        m.momentum = 0.1
    return model, size, bool(norms)


def export(model, size, path, training):
    model.train(training)
    mode = torch.onnx.TrainingMode.TRAINING if training else torch.onnx.TrainingMode.PRESERVE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(model, (images(2, size, 7),), path, opset_version=17, training=mode, dynamo=False, do_constant_folding=False,
                          input_names=["image"], output_names=["logits"], dynamic_axes={"image": {0: "N"}, "logits": {0: "N"}})


def step(model, image, label, training):
    """Logits and gradients of one step in the model's precision."""
    model.train(training)
    model.zero_grad(set_to_none=True)
    logits = model(image)
    nn.functional.cross_entropy(logits, label).backward()
    return logits.detach().numpy().copy(), {name: p.grad.numpy().copy() for name, p in model.named_parameters()}


def reference(model, image, label, training):
    """A step in double precision, and in single precision as PyTorch does it; the model is as before."""
    kept = {key: value.clone() for key, value in model.state_dict().items()}
    single = step(model, image, label, training)
    model.load_state_dict(kept)
    double = step(model.double(), image.double(), label, training)
    model.float()
    model.load_state_dict(kept)
    return double, single


def apart(a, b):
    a, b = numpy.asarray(a, numpy.float64), numpy.asarray(b, numpy.float64)
    if a.shape != b.shape or not numpy.isfinite(a).all():
        return float("inf")
    return float(numpy.linalg.norm(a - b) / max(numpy.linalg.norm(b), 1e-30))


def by_ocelli(ocelli, path, folder, image, label, device):
    files = {name: os.path.join(folder, name + ".npy") for name in ("x", "y", "logits")}
    numpy.save(files["x"], image.numpy())
    numpy.save(files["y"], label.numpy())
    more = ["-d", device] if device else []
    commands = [[ocelli, "run", path, "-i", "image=" + files["x"], "-o", "logits=" + files["logits"], "--dim", f"N={len(image)}", *more],
                [ocelli, "train", "--model", path, "--images", files["x"], "--labels", files["y"], "--steps", "1", "--no-shuffle",
                 "--batch", str(len(image)), "--dump-gradients", os.path.join(folder, "gradients"), *more]]
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ValueError(done.stderr.strip().splitlines()[-1])
    return numpy.load(files["logits"])


def worst(gradients, wanted):
    """The largest relative error of a gradient, and whose. What is nothing beside the largest one (a bias before batch normalization) is
    measured by that."""
    largest = max(numpy.linalg.norm(g) for g in wanted.values())
    errors = []
    for name, want in wanted.items():
        got = gradients.get(name, numpy.full(want.shape, numpy.inf))
        nothing = numpy.linalg.norm(want) < 1e-6 * largest
        errors.append((numpy.linalg.norm(got - want) / largest if nothing else apart(got, want), name))
    return max(errors)


def load(folder):
    return {name[:-4]: numpy.load(os.path.join(folder, name)) for name in os.listdir(folder)}


def check_form(args, model, size, training, seed):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.onnx")
        export(model, size, path, training)
        image = images(args.batch, size, seed)
        shape = (args.batch, size, size) if isinstance(model, Out) else (args.batch,)
        label = torch.randint(0, 21, shape, generator=torch.Generator().manual_seed(seed))
        (logits, gradients), single = reference(model, image, label, training)
        got = by_ocelli(args.ocelli, path, folder, image, label, args.device)
        error, whose = worst(load(os.path.join(folder, "gradients")), gradients)
        return apart(got, logits), error, whose, worst(single[1], gradients)[0]


def check(args, name):
    """A row: as it is, with running statistics; and smoothed, with those of the batch. The gradients of the first are held to the bound
    only where PyTorch's own, in single precision, keep to a third of it."""
    row, names, right = "", [], True
    for smooth in (False, True):
        model, size, norms = make(name, args.size)
        functional = nn.functional.relu
        if smooth:
            nn.functional.relu = nn.functional.silu
            model = smoothed(model)
        logits, gradient, whose, own = check_form(args, model, size, smooth and norms, 1)
        nn.functional.relu = functional
        right = right and logits <= LOGITS and (gradient <= GRADIENTS or (not smooth and own > GRADIENTS / 3))
        row += f"{logits:>11.1e}{gradient:>10.1e}{own:>9.1e}"
        names.append(whose)
    print(f"{name:<14}{row}{'' if right else '   FAILED'}{'   ' + ', '.join(names) if args.verbose or not right else ''}", flush=True)
    return right


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ocelli")
    parser.add_argument("--net", action="append", choices=sorted(NETS))
    parser.add_argument("--size", type=int, help="of the images (default: as published)")
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--device", help="as ocelli's -d")
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    print(f"{'':<14}{'as it is, running statistics':>30}{'smoothed, those of the batch':>30}")
    print(f"{'network':<14}" + "".join(f"{'logits':>11}{'gradients':>10}{'PyTorch':>9}" for _ in range(2)))
    names, failed = args.net or list(NETS), 0
    for name in names:
        try:
            failed += not check(args, name)
        except ValueError as error:
            print(f"{name}: {error}")
            failed += 1
    print(f"{len(names) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


sys.exit(main())
