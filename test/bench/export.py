# SPDX-License-Identifier: Apache-2.0
"""Writes torchvision's networks as ONNX tests (model.onnx, test_data_set_N): export.py [FOLDER] [--net NAME]... [--batch N]...

Weights are seeded; running statistics of batch normalization are warmed on random batches; wanted outputs are computed in double
precision. NAME is as the exporter makes it in training's form (BatchNormalization stays), NAME-folded as it does by default."""
import argparse
import os
import warnings

import onnx
import torch
import torchvision.models as zoo
from onnx import numpy_helper
from torch import nn

NETS = {
    "alexnet": (zoo.alexnet, 224, {}),
    "vgg16": (zoo.vgg16, 224, {}),
    "resnet18": (zoo.resnet18, 224, {}),
    "resnet50": (zoo.resnet50, 224, {}),
    "googlenet": (zoo.googlenet, 224, {"aux_logits": False, "init_weights": True, "transform_input": True}),
    "densenet121": (zoo.densenet121, 224, {}),
    "squeezenet1_1": (zoo.squeezenet1_1, 224, {}),
    "mobilenet_v2": (zoo.mobilenet_v2, 224, {}),
    "inception_v3": (zoo.inception_v3, 299, {"aux_logits": False, "init_weights": True, "transform_input": True}),
}


def images(count, size, seed):
    """Random pictures with large and small shapes, as photographs have: on mere noise all features of deep layers are alike, and
    normalizing their small differences magnifies errors beyond what any real network does."""
    generator = torch.Generator().manual_seed(seed)
    total = torch.zeros(count, 3, size, size)
    for cells in (1, 3, 7, 20, 60, size):
        noise = torch.randn(count, 3, cells, cells, generator=generator)
        total += nn.functional.interpolate(noise, size=(size, size), mode="bilinear", align_corners=False)
    return total / 2


def spread(model, size):
    """Makes the logits of an order of 1: scales the last layer, and gives its bias no more than a share."""
    last = [m for m in model.modules() if isinstance(m, (nn.Linear, nn.Conv2d))][-1]
    with torch.no_grad():
        nn.init.normal_(last.bias, std=0.1)
        bias = last.bias.clone()
        last.bias.zero_()
        nn.init.normal_(last.weight, std=last.weight[0].numel() ** -0.5)
        last.weight /= model(images(2, size, 1000)).std()
        last.bias.copy_(bias)


def make(name):
    function, size, options = NETS[name]
    torch.manual_seed(sum(map(ord, name)))
    model = function(weights=None, **options)
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    for m in model.modules():
        if isinstance(m, nn.Conv2d):
            nn.init.kaiming_normal_(m.weight)
            if m.bias is not None:
                nn.init.normal_(m.bias, std=0.1)
    for m in norms:
        m.momentum = None  # the mean over all batches
        nn.init.uniform_(m.weight, 0.5, 1.5)
        nn.init.normal_(m.bias, std=0.2)
    model.train()
    with torch.no_grad():
        for i in range(3 if norms else 0):
            model(images(8, size, 100 + i))
    model.eval()
    spread(model, size)
    return model, size


def write_tensor(path, name, tensor):
    with open(path, "wb") as file:
        file.write(numpy_helper.from_array(tensor.numpy(), name).SerializeToString())


def write_data(folder, model, size, batches):
    exact = model.double()
    for i, batch in enumerate(batches):
        data = os.path.join(folder, f"test_data_set_{i}")
        os.makedirs(data, exist_ok=True)
        image = images(batch, size, i)
        with torch.no_grad():
            logits = exact(image.double()).float()
        write_tensor(os.path.join(data, "input_0.pb"), "image", image)
        write_tensor(os.path.join(data, "output_0.pb"), "logits", logits)
        print(f"{folder}: batch {batch}, logits of deviation {logits.std():.3f}", flush=True)
    model.float()


def write_net(folder, model, size, kept, batches):
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "model.onnx")
    mode = torch.onnx.TrainingMode.PRESERVE if kept else torch.onnx.TrainingMode.EVAL
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(model, (torch.zeros(1, 3, size, size),), path, opset_version=17, training=mode, dynamo=False,
                          do_constant_folding=not kept, input_names=["image"], output_names=["logits"],
                          dynamic_axes={"image": {0: "N"}, "logits": {0: "N"}})
    kinds = {}
    for node in onnx.load(path).graph.node:
        kinds[node.op_type] = kinds.get(node.op_type, 0) + 1
    print(folder + ":", " ".join(f"{k}:{n}" for k, n in sorted(kinds.items())), flush=True)
    write_data(folder, model, size, batches)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", default=os.path.join(os.environ.get("OCELLI_PEERS", ".peers"), "nets"))
    parser.add_argument("--net", action="append", choices=sorted(NETS))
    parser.add_argument("--batch", action="append", type=int)
    args = parser.parse_args()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    for name in args.net or NETS:
        model, size = make(name)
        for kept in (True, False):
            write_net(os.path.join(args.folder, name + ("" if kept else "-folded")), model, size, kept, args.batch or [1])


if __name__ == "__main__":
    main()
