# SPDX-License-Identifier: Apache-2.0
"""Writes the distinct problems of the nine networks at batch 1: problems.py [NETS] [FOLDER].

NETS holds what export.py wrote. FOLDER (default: problems, beside this file) gets conv.txt, matmul.txt, pool.txt and norm.txt: a
problem a line (docs/problems.md), behind it the networks that have it and how often. Normalizations are taken from the models in
training's form, all else from the folded ones, as they are run."""
import os
import sys

import onnx
from onnx import helper, shape_inference

NETS = ["alexnet", "vgg16", "resnet18", "resnet50", "googlenet", "densenet121", "squeezenet1_1", "mobilenet_v2", "inception_v3"]
KINDS = {"Conv": "conv", "Gemm": "matmul", "MatMul": "matmul", "MaxPool": "pool", "AveragePool": "pool", "GlobalAveragePool": "pool",
         "BatchNormalization": "norm", "LRN": "norm"}
TITLES = {"conv": "convolutions", "matmul": "matrix products", "pool": "poolings", "norm": "normalizations"}


def read(path):
    """A model's graph, and the shape of each of its values at batch 1."""
    model = onnx.load(path)
    for value in [*model.graph.input, *model.graph.output]:
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param:
                dim.dim_value = 1
    del model.graph.value_info[:]
    graph = shape_inference.infer_shapes(model, strict_mode=True, data_prop=True).graph
    shapes = {value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim]
              for value in [*graph.input, *graph.output, *graph.value_info]}
    shapes.update((tensor.name, list(tensor.dims)) for tensor in graph.initializer)
    return graph, shapes


def by(values):
    return "x".join(map(str, values))


def over(name, values):
    """A field; zeros at its end are left out, as the grammar does."""
    values = list(values)
    while values and not values[-1]:
        values.pop()
    return [f"{name}={'/'.join(map(str, values))}"] if values else []


def conv(node, attrs, shapes):
    src, weights, dst = shapes[node.input[0]], shapes[node.input[1]], shapes[node.output[0]]
    strides, dilations = attrs.get("strides", [1, 1]), attrs.get("dilations", [1, 1])
    pads, groups = attrs.get("pads", [0, 0, 0, 0]), attrs.get("group", 1)
    if attrs.get("auto_pad", b"NOTSET") != b"NOTSET":
        raise ValueError(f"{node.name}: auto_pad")
    text = (f"g{groups}" if groups != 1 else "") + f"mb{src[0]}ic{src[1]}ih{src[2]}"
    square = src[2] == src[3] and dst[2] == dst[3]
    text += "" if src[2] == src[3] else f"iw{src[3]}"
    text += f"oc{dst[1]}oh{dst[2]}" + ("" if square else f"ow{dst[3]}")
    for name, pair, default in (("k", weights[2:], None), ("s", strides, 1), ("p", pads[:2], 0), ("d", [d - 1 for d in dilations], 0)):
        if pair[0] != default or pair[1] != pair[0]:
            text += f"{name}h{pair[0]}"
        if pair[1] != pair[0]:
            text += f"{name}w{pair[1]}"
    return f"conv2d:{text}{'b' if len(node.input) > 2 else ''}"


def product(node, attrs, shapes):
    a, b = shapes[node.input[0]], shapes[node.input[1]]
    if len(a) != 2 or len(b) != 2:
        return f"matmul:{by(a)},{by(b)}"
    left, right = attrs.get("transA", 0), attrs.get("transB", 0)
    m, k = a[::-1] if left else a
    n = b[0] if right else b[1]
    return f"matmul:m{m}n{n}k{k}{'ta' if left else ''}{'tb' if right else ''}{'b' if len(node.input) > 2 else ''}"


def pool(node, attrs, shapes):
    shape = by(shapes[node.input[0]])
    if node.op_type == "GlobalAveragePool":
        return f"global_avg_pool:{shape}"
    if attrs.get("auto_pad", b"NOTSET") != b"NOTSET":
        raise ValueError(f"{node.name}: auto_pad")
    kernel, pads = attrs["kernel_shape"], attrs.get("pads", [0, 0, 0, 0])
    fields = over("kernel", kernel) + over("stride", attrs.get("strides", [1, 1]))
    if max(attrs.get("dilations", [1, 1])) > 1:
        fields += over("dilation", attrs["dilations"])
    fields += over("pad_begin", pads[:2]) + over("pad_end", pads[2:]) + over("ceil_mode", [attrs.get("ceil_mode", 0)])
    average = node.op_type == "AveragePool"
    if average and any(pads):
        fields += over("count_include_pad", [attrs.get("count_include_pad", 0)])
    return f"{'avg' if average else 'max'}_pool2d:{shape}:{','.join(fields)}"


def norm(node, attrs, shapes):
    if node.op_type == "LRN":
        raise ValueError(f"{node.name}: LRN")  # none of the nine has one
    shape = shapes[node.input[0]]
    return f"batch_norm:{by(shape)},{','.join([str(shape[1])] * 4)}:epsilon={attrs.get('epsilon', 1e-5):.6g}"


MAKERS = {"conv": conv, "matmul": product, "pool": pool, "norm": norm}


def collect(folder):
    """For each kind: problem -> {network: how often}."""
    found = {kind: {} for kind in MAKERS}
    for net in NETS:
        for form in ("-folded", ""):
            graph, shapes = read(os.path.join(folder, net + form, "model.onnx"))
            for node in graph.node:
                kind = KINDS.get(node.op_type)
                if kind is None or (kind == "norm") != (form == ""):
                    continue
                attrs = {item.name: helper.get_attribute_value(item) for item in node.attribute}
                nets = found[kind].setdefault(MAKERS[kind](node, attrs, shapes), {})
                nets[net] = nets.get(net, 0) + 1
    return found


def write(path, kind, problems):
    width = max(map(len, problems))
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"# The {len(problems)} distinct {TITLES[kind]} of nine networks at batch 1; made by test/bench/problems.py.\n")
        first = None
        for problem, nets in problems.items():
            if next(iter(nets)) != first:
                first = next(iter(nets))
                file.write(f"\n# {first}\n")
            names = ", ".join(net + (f" x{times}" if times > 1 else "") for net, times in nets.items())
            file.write(f"{problem:<{width}}  # {names}\n")
    print(f"{path}: {len(problems)}")


def main():
    nets = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.environ.get("OCELLI_PEERS", ".peers"), "nets")
    folder = sys.argv[2] if len(sys.argv) > 2 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "problems")
    os.makedirs(folder, exist_ok=True)
    for kind, problems in collect(nets).items():
        write(os.path.join(folder, kind + ".txt"), kind, problems)


if __name__ == "__main__":
    main()
