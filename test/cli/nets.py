# SPDX-License-Identifier: Apache-2.0
"""Known networks, and what models consist of: nets.py OCELLI."""
import json
import os
import struct
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


def write_npy(path, kind, shape, values):
    """kind: "f4", "i8" or "u1"."""
    head = f"{{'descr': '{'|' if kind == 'u1' else '<'}{kind}', 'fortran_order': False, 'shape': ({', '.join(map(str, shape))},), }}"
    head += " " * (63 - (10 + len(head)) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode())
        file.write(struct.pack("<%d%s" % (len(values), {"f4": "f", "i8": "q", "u1": "B"}[kind]), *values))
    return path


def bars(count):
    """Pictures of 8 by 8 with a bright row, whose number is the class."""
    pixels = [200 if i // 8 % 8 == i // 64 % 8 else i * 7919 % 40 for i in range(64 * count)]
    return pixels, [i % 8 for i in range(count)]


def test_training(folder):
    def path(name):
        return os.path.join(folder, name)

    pixels, classes = bars(48)
    data = ["--images", write_npy(path("x.npy"), "u1", (48, 8, 8), pixels), "--labels", write_npy(path("y.npy"), "i8", (48,), classes)]
    model = path("m.onnx")
    check_run("small", ["train", "squeezenet1_1", *data], 1, stderr="too small")
    out = check_run("train", ["train", "mlp", *data, "--epochs", "30", "--batch", "8", "--accumulate", "2", "--optimizer", "rmsprop", "--lr",
                              "0.005", "--schedule", "cosine", "--schedule-steps", "90", "--warmup", "5", "--clip-norm", "5", "--l1", "1e-5",
                              "--eval-images", data[1], "--eval-labels", data[3], "--save", model, "--json"], 0, stderr="the same answers")
    last = json.loads(out.splitlines()[-1])
    check(last["step"] == 90 and last["test_accuracy"] > 0.9, f"train: {last}")
    floats = write_npy(path("f.npy"), "f4", (48, 64), [value / 255 for value in pixels])
    data[1] = floats
    again = path("n.onnx")
    check_run("freeze", ["train", "--model", model, *data, "--steps", "2", "--freeze", "fc[12]*", "--save", again], 1, stderr="fc[12]*")
    check_run("freeze", ["train", "--model", model, *data, "--steps", "2", "--freeze", "fc1*", "--freeze", "fc2.bias", "--dump-gradients",
                         path("g"), "--save", again], 0, stderr="1 parameters 'fc2.bias'")
    check(sorted(os.listdir(path("g"))) == ["fc2.weight.npy", "fc3.bias.npy", "fc3.weight.npy"], "what has gradients")
    check_run("mse", ["train", "--model", model, "--images", floats, "--labels", data[3], "--loss", "huber", "--steps", "1"], 0)
    check_run("schedule", ["train", "mlp", *data, "--schedule", "step"], 2, stderr="--schedule-steps")
    check_run("optimizer", ["train", "mlp", *data, "--optimizer", "newton"], 2, stderr="adagrad")
    check_run("network", ["train", "mlp3", *data], 2, stderr="'mlp3'")
    check_run("eval", ["train", "mlp", *data, "--eval-images", floats], 2, stderr="--eval-labels")
    check_run("rank", ["train", "mlp", *data], 1, stderr="height")


def test_gradcheck(folder):
    model = os.path.join(folder, "l.onnx")
    check_run("lenet5", ["net", "lenet5", "--onnx", model], 0)
    out = check_run("gradcheck", ["gradcheck", model], 0)
    check(out.count("  ok\n") == 10, "a line a parameter")
    rows = json.loads(check_run("gradcheck", ["gradcheck", model, "--json", "--on", "device", "--freeze", "*.weight"], 0))
    check([row["name"] for row in rows] == [f"{layer}.bias" for layer in ("conv1", "conv2", "fc1", "fc2", "fc3")], "those not frozen")
    keys("gradcheck", rows[0], ["name", "elements", "norm", "derivative", "quotient", "error", "device_error", "right"])
    check_run("strict", ["gradcheck", model, "--tolerance", "1e-30"], 1, stderr="gradients are wrong", stdout="WRONG")
    check_run("where", ["gradcheck", model, "--on", "moon"], 2, stderr="host or device")


def main():
    test_list()
    test_tables()
    with tempfile.TemporaryDirectory() as folder:
        test_models(folder)
        test_training(folder)
        test_gradcheck(folder)
    return summary()


sys.exit(main())
