# SPDX-License-Identifier: Apache-2.0
"""Known networks as ONNX models: nets.py OCELLI [--all] [NAME...].

Each is written by `ocelli net`, checked by onnx.checker, and run by ONNX Runtime and by Ocelli on the same numbers. Where torchvision has
the network, its parameters have our names and shapes; with our weights it gives our numbers, in double precision.
Without onnx and onnxruntime (in this Python, or in that of $OCELLI_PEERS_VENV) this is skipped."""
import argparse
import json
import os
import subprocess
import sys
import tempfile

from packages import need

need("onnx", "onnxruntime", "numpy")
import numpy  # noqa: E402
import onnx  # noqa: E402
import onnxruntime  # noqa: E402
from onnx import numpy_helper  # noqa: E402

try:
    import torch
    import torchvision.models as zoo
except ImportError:
    zoo = None

SMALL = ["mlp", "lenet5", "autoencoder", "dcgan_generator", "dcgan_discriminator", "squeezenet1_0", "squeezenet1_1", "mobilenet_v1",
         "mobilenet_v2", "googlenet", "googlenet_norm", "densenet121", "resnet18", "plain18"]
# Ours: torchvision's, and what it must be told.
TORCHVISION = {"alexnet_narrow": ("alexnet", {}), "vgg11": ("vgg11", {}), "vgg13": ("vgg13", {}), "vgg16": ("vgg16", {}), "vgg19": ("vgg19", {}),
               "googlenet_norm": ("googlenet", {"aux_logits": False, "init_weights": False}),
               "inception_v3": ("inception_v3", {"aux_logits": False, "init_weights": False}),
               "resnet18": ("resnet18", {}), "resnet34": ("resnet34", {}), "resnet50": ("resnet50", {}), "resnet101": ("resnet101", {}),
               "resnet152": ("resnet152", {}), "densenet121": ("densenet121", {}), "densenet169": ("densenet169", {}),
               "densenet201": ("densenet201", {}), "squeezenet1_0": ("squeezenet1_0", {}), "squeezenet1_1": ("squeezenet1_1", {}),
               "mobilenet_v2": ("mobilenet_v2", {})}
LIMIT = 1e-4  # norm of the difference over the norm


def warm(model, path):
    """Gives running statistics, scales and shifts of normalization numbers that show when they are mixed up."""
    generator = numpy.random.default_rng(1)
    ranges = {"running_mean": (-0.1, 0.1), "running_var": (0.8, 1.25), "bias": (-0.1, 0.1)}
    for tensor in model.graph.initializer:
        part = tensor.name.rsplit(".", 1)[-1]
        if part in ranges:
            low, high = ranges[part]
            value = generator.uniform(low, high, list(tensor.dims)).astype(numpy.float32)
            tensor.CopyFrom(numpy_helper.from_array(value, tensor.name))
    onnx.save(model, path)


def apart(a, b):
    a, b = numpy.asarray(a, numpy.float64), numpy.asarray(b, numpy.float64)
    return float("inf") if a.shape != b.shape else float(numpy.linalg.norm(a - b) / numpy.linalg.norm(b))


def by_ocelli(ocelli, path, x, folder):
    files = [os.path.join(folder, name) for name in ("x.npy", "y.npy")]
    numpy.save(files[0], x)
    subprocess.run([ocelli, "run", path, "-i", "input=" + files[0], "-o", "output=" + files[1], "--dim", f"N={len(x)}"], check=True,
                   capture_output=True)
    return numpy.load(files[1])


def by_torchvision(name, model, x):
    if zoo is None or name not in TORCHVISION:
        return None
    function, options = TORCHVISION[name]
    net = getattr(zoo, function)(weights=None, **options).double().eval()
    ours = {t.name: torch.from_numpy(numpy_helper.to_array(t).copy()) for t in model.graph.initializer}
    wanted = {key: value for key, value in net.state_dict().items() if "num_batches" not in key}
    if {key: tuple(value.shape) for key, value in wanted.items()} != {key: tuple(ours[key].shape) for key in ours if key in wanted}:
        raise ValueError("names or shapes are not torchvision's")
    net.load_state_dict(ours, strict=False)
    with torch.no_grad():
        return net(torch.from_numpy(x).double()).numpy()


def check(ocelli, name, folder):
    path = os.path.join(folder, "net.onnx")
    about = json.loads(subprocess.run([ocelli, "net", name, "--onnx", path, "--json"], check=True, capture_output=True, text=True).stdout)
    model = onnx.load(path)
    warm(model, path)
    onnx.checker.check_model(path, full_check=True)
    generator = numpy.random.default_rng(0)
    x = generator.standard_normal([2] + about["input"]).astype(numpy.float32)
    y = by_ocelli(ocelli, path, x, folder)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    runtime = apart(y, session.run(None, {"input": x})[0])
    torchs = by_torchvision(name, model, x)
    vision = None if torchs is None else apart(y, torchs)
    right = runtime <= LIMIT and (vision is None or vision <= LIMIT)
    print(f"{name:<20} {about['parameters']:>12} {runtime:10.1e} {'-' if vision is None else f'{vision:.1e}':>10}  "
          f"{'' if right else 'FAILED'}", flush=True)
    return right


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ocelli")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--all", action="store_true")
    args = parser.parse_args()
    listed = [net["name"] for net in json.loads(subprocess.check_output([args.ocelli, "net", "--json"]))]
    names = args.names or (listed if args.all else SMALL)
    print(f"{'network':<20} {'parameters':>12} {'onnxrt':>10} {'torch':>10}   (norm of the difference over the norm)")
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            try:
                failed += not check(args.ocelli, name, folder)
            except (ValueError, subprocess.CalledProcessError, onnx.checker.ValidationError) as error:
                print(f"{name}: {error} {getattr(error, 'stderr', '')}")
                failed += 1
    print(f"{len(names) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


sys.exit(main())
