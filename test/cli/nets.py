# SPDX-License-Identifier: Apache-2.0
"""Known networks, and what models consist of: nets.py OCELLI."""
import json
import os
import sys
import tempfile

from tool import check, check_run, keys, summary


def test_list():
    value = json.loads(check_run("net", ["net", "--json"], 0))
    check(len(value) >= 30, "all networks are listed")
    keys("net", value[0], ["name", "title", "input", "outputs", "auxiliary", "source", "parameters"])
    out = check_run("net", ["net"], 0)
    check(all(f"\n{net['name']} " in out for net in value), "the text lists the same")


# Multiply-adds of the papers and of torchvision's table.
MACS = {"alexnet_groups": 724406816, "vgg16": 15470264320, "resnet18": 1814073344, "resnet50": 4089184256, "lenet5": 416520}


def test_tables():
    for name, macs in MACS.items():
        value = json.loads(check_run(name, ["net", name, "--json"], 0))
        check(value["macs"] == macs == sum(node["macs"] for node in value["nodes"]), f"{name}: {value['macs']} multiply-adds")
    value = json.loads(check_run("alexnet", ["net", "alexnet", "--json"], 0))
    first = value["nodes"][0]
    check(first == {"name": "conv1", "op": "conv2d", "layer": 0, "type": "f32", "shape": [1, 96, 55, 55], "bytes": 4 * 290400,
                    "parameters": 34944, "macs": 290400 * 363}, f"the first layer of AlexNet: {first}")
    out = check_run("table", ["net", "alexnet", "--table"], 0)
    rows = {line.split()[0]: " ".join(line.split()[1:]) for line in out.splitlines() if line.strip()}
    check(rows["conv1"] == "conv2d+relu (1, 96, 55, 55) 1 161 600 34 944 105 415 200", f"its row: {rows.get('conv1')}")
    check(rows["sums"].endswith("62 378 344 1 135 256 096"), f"the sums: {rows.get('sums')}")
    check_run("no network", ["net", "alexnet2"], 2, stderr="'alexnet2'")
    check_run("no name", ["net", "--table"], 2, stderr="--table")
    check_run("outputs", ["net", "mlp", "--outputs", "-3"], 2, stderr="--outputs")


def test_models(folder):
    model = os.path.join(folder, "a.onnx")
    check_run("written", ["net", "squeezenet1_1", "--onnx", model, "--seed", "3", "--outputs", "7"], 0, stdout="726 087 parameters")
    first = open(model, "rb").read()
    check_run("again", ["net", "squeezenet1_1", "--onnx", model, "--seed", "3", "--outputs", "7"], 0)
    check(first == open(model, "rb").read(), "the same seed, the same weights")
    check_run("another", ["net", "squeezenet1_1", "--onnx", model, "--seed", "4", "--outputs", "7"], 0)
    check(first != open(model, "rb").read(), "another seed, other weights")
    value = json.loads(check_run("info", ["info", model, "--json", "--dim", "N=2"], 0))
    keys("info", value, ["inputs", "outputs", "nodes", "parameters", "macs"])
    check(value["inputs"] == [{"name": "input", "type": "f32", "shape": [2, 3, 224, 224]}], "its inputs")
    check(value["outputs"] == [{"name": "output", "type": "f32", "shape": [2, 7]}], "its outputs")
    check(value["parameters"] == 726087 == sum(node["parameters"] for node in value["nodes"]), "its parameters")
    out = check_run("info", ["info", model, "--rewrites"], 0, stdout="operators   26 conv2d")
    check("fuse: of" in out and "is done as features.0 stores" in out, "what is rewritten")
    value = json.loads(check_run("rewrites", ["info", model, "--rewrites", "--json"], 0))
    check("is done as" in value["rewrites"], "what is rewritten, as JSON")
    check_run("run", ["run", model, "--json"], 0)
    check_run("training", ["net", "googlenet_norm", "--training", "--auxiliary", "--onnx", model], 0, stdout="13 004 888 parameters")
    out = check_run("info", ["info", model, "--inference", "--rewrites"], 0, stdout="output      aux2 (1, 1000) of f32")
    check("(batch_norm_train) takes the running statistics" in out, "for inference")
    check_run("no model", ["info", os.path.join(folder, "b.onnx")], 1, stderr="b.onnx")


def main():
    test_list()
    test_tables()
    with tempfile.TemporaryDirectory() as folder:
        test_models(folder)
    return summary()


sys.exit(main())
