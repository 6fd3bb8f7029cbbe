# SPDX-License-Identifier: Apache-2.0
"""Values inside networks against ONNX Runtime, and Winograd's error against the direct convolutions': Markdown on stdout.

Runs in the environment of peers.py (which see): ten places spread over each network, and its logits, are made outputs; a row tells
the largest norm of a difference over the norm of the value. Then single convolutions, as the networks have them, with data of a
normal distribution: error against float64 of each solver. Exits with 1 if a network differs by 1e-3 or Winograd's error is beyond
ten times the direct solver's."""
import argparse
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
VENV = os.path.abspath(os.environ.get("OCELLI_PEERS_VENV", ".peers"))
SHAPES = [(64, 64, 56, 3, 3), (128, 128, 28, 3, 3), (256, 256, 14, 3, 3), (512, 512, 7, 3, 3), (48, 64, 35, 5, 5),
          (384, 384, 8, 1, 3), (384, 384, 8, 3, 1)]  # channels, filters, size, taps


def distance(got, wanted):
    import numpy
    return float(numpy.linalg.norm(got.astype("f8") - wanted) / max(numpy.linalg.norm(wanted.astype("f8")), 1e-30))


def run(command, model, inputs, outputs, folder, disable=""):
    import numpy
    given = []
    for name, value in inputs.items():
        numpy.save(os.path.join(folder, "in.npy"), value)
        given += ["-i", f"{name}={os.path.join(folder, 'in.npy')}"]
    wanted = [arg for i, name in enumerate(outputs) for arg in ("-o", f"{name}={os.path.join(folder, f'out{i}.npy')}")]
    subprocess.run([command, "run", model, *given, *wanted], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   env={**os.environ, "OCELLI_DISABLE": disable})
    return [numpy.load(os.path.join(folder, f"out{i}.npy")) for i in range(len(outputs))]


def network(command, path, folder):
    import numpy
    import onnx
    import onnxruntime
    model = onnx.load(path)
    names = [node.output[0] for node in model.graph.node if node.op_type not in ("Constant", "Shape", "Gather", "Unsqueeze")]
    places = [names[(2 * i + 1) * len(names) // 20] for i in range(10)]
    last = model.graph.output[0].name
    places = [name for name in dict.fromkeys(places) if name != last]
    model.graph.output.extend(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in places)
    changed = os.path.join(folder, "model.onnx")
    onnx.save(model, changed)
    entry = model.graph.input[0]
    shape = [d.dim_value or 1 for d in entry.type.tensor_type.shape.dim]
    image = numpy.random.default_rng(1).standard_normal(shape).astype("f4")
    wanted = onnxruntime.InferenceSession(changed, providers=["CPUExecutionProvider"]).run([last, *places], {entry.name: image})
    got = run(command, changed, {entry.name: image}, [last, *places], folder)
    return [distance(a, b) for a, b in zip(got, wanted)]


def convolution(command, shape, folder):
    import numpy
    import onnx
    import torch
    c, k, size, r, s = shape
    rng = numpy.random.default_rng(2)
    x, w = rng.standard_normal((1, c, size, size)).astype("f4"), (rng.standard_normal((k, c, r, s)) / (c * r * s) ** 0.5).astype("f4")
    pads = [r // 2, s // 2, r // 2, s // 2]
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Conv", ["x", "w"], ["y"], pads=pads)], "conv",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, x.shape)],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)], [onnx.numpy_helper.from_array(w, "w")])
    path = os.path.join(folder, "conv.onnx")
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)]), path)
    exact = torch.nn.functional.conv2d(torch.from_numpy(x).double(), torch.from_numpy(w).double(), padding=pads[:2]).numpy()
    rest = "conv2d.direct_plain,conv2d.depthwise"
    disabled = {"direct": "conv2d.winograd2,conv2d.winograd4", "winograd2": "conv2d.direct,conv2d.winograd4",
                "winograd4": "conv2d.direct,conv2d.winograd2"}
    if max(r, s) > 3:
        del disabled["winograd4"]  # has no transforms for these
    return {name: distance(run(command, path, {"x": x}, ["y"], folder, f"{off},{rest}")[0], exact) for name, off in disabled.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nets", default=os.path.join(VENV, "nets"), help="folder of the networks")
    parser.add_argument("--ocelli", default=os.path.join(ROOT, "build", "samples", "ocelli"), help="the command")
    args = parser.parse_args()
    python = os.path.join(VENV, "bin", "python")
    if os.path.realpath(sys.prefix) != os.path.realpath(VENV):
        os.execv(python, [python, os.path.abspath(__file__), *sys.argv[1:]])
    good = True
    print("| network | logits | largest of ten places |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name in sorted(os.listdir(args.nets)):
            path = os.path.join(args.nets, name, "model.onnx")
            if os.path.exists(path):
                found = network(args.ocelli, path, folder)
                good = good and max(found) < 1e-3
                print(f"| {name} | {found[0]:.1e} | {max(found[1:]):.1e} |", flush=True)
        print("\n| convolution | direct | Winograd F(2) | Winograd F(4) |\n|---|---|---|---|")
        for shape in SHAPES:
            error = convolution(args.ocelli, shape, folder)
            four = error.get("winograd4")
            worst = max(error["winograd2"], four or 0) / error["direct"]
            good = good and worst <= 10
            print(f"| {shape[0]} to {shape[1]} channels, {shape[2]}x{shape[2]}, {shape[3]}x{shape[4]} taps | {error['direct']:.1e} | "
                  f"{error['winograd2']:.1e} | {f'{four:.1e}' if four else '-'} |", flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
