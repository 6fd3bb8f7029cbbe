# SPDX-License-Identifier: Apache-2.0
"""One peer in a process of its own, for peers.py: peer.py NAME MODEL INPUT.npy THREADS FOLDER.

Answers each line on stdin with a line of JSON: "load", "run N" (seconds of N runs after one that is not counted), "output FILE", and
"layer PROBLEM" (seconds of as many runs as `ocelli bench` makes).
Everything is float32 in weights and arithmetic; input and output are arrays in host memory. A model that a peer's own converter must
translate first is kept in FOLDER."""
import json
import os
import subprocess
import sys
import time

import numpy as np

NETWORKS = {"googlenet": {"aux_logits": False, "init_weights": False, "transform_input": True},
            "inception_v3": {"aux_logits": False, "init_weights": False, "transform_input": True}}


class Ocelli:
    """The build's Python package: $OCELLI_LIBRARY is the library, PYTHONPATH names the package's folder."""

    def __init__(self, model, image, threads, folder):
        import ocelli
        self.version = ocelli.__version__
        network = ocelli.load(model)
        plan = network.plan(N=len(image))
        self.exec, output = ocelli.Exec(plan, network.state), plan.outputs[0]
        out = ocelli.Tensor(output.shape, output.dtype)
        self.inputs, self.outputs, self.array = {plan.inputs[0].name: ocelli.Tensor.wrap(image)}, {output.name: out}, out.numpy()

    def run(self):
        self.exec.run(self.inputs, self.outputs)
        return self.array


class OnnxRuntime:
    def __init__(self, model, image, threads, folder):
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        self.session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self.feed = {self.session.get_inputs()[0].name: image}
        self.version = onnxruntime.__version__

    def run(self):
        return self.session.run(None, self.feed)[0]


class OpenVino:
    def __init__(self, model, image, threads, folder):
        import openvino
        core = openvino.Core()
        graph = core.read_model(model)
        graph.reshape(list(image.shape))
        compiled = core.compile_model(graph, "CPU", {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY",
                                                     "INFERENCE_PRECISION_HINT": "f32"})
        self.request, self.image = compiled.create_infer_request(), image
        self.version = openvino.__version__.split("-")[0]

    def run(self):
        self.request.infer([self.image], share_inputs=True)
        return self.request.get_output_tensor(0).data


class Torch:
    """The fastest of: as it is, with channels last, and frozen (batch normalization folded, oneDNN's layouts)."""

    def __init__(self, model, image, threads, folder):
        import torch
        torch.set_num_threads(threads)
        torch.set_grad_enabled(False)
        self.torch, self.version = torch, torch.__version__.split("+")[0]
        image, forms = torch.from_numpy(image), {}
        forms["eager"] = (self.network(model), image)
        last = torch.channels_last
        forms["channels last"] = (self.network(model).to(memory_format=last), image.contiguous(memory_format=last))
        try:
            frozen = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(self.network(model), image)))
            forms["frozen"] = (frozen, image)
        except Exception as error:  # a form that does not work is no candidate
            print(f"torch: frozen: {error}", file=sys.stderr)
        self.note = min(forms, key=lambda name: self.time(*forms[name]))
        self.function, self.image = forms[self.note]

    def network(self, path):
        import onnx
        import torchvision
        name = os.path.basename(os.path.dirname(path)).removesuffix("-folded")
        path = os.path.join(os.path.dirname(os.path.dirname(path)), name, "model.onnx")  # in training's form: names stay
        network = getattr(torchvision.models, name)(weights=None, **NETWORKS.get(name, {})).eval()
        states = {item.name: self.torch.from_numpy(onnx.numpy_helper.to_array(item).copy())
                  for item in onnx.load(path).graph.initializer}
        # the exporter leaves out a second tensor of the same contents, such as biases of zeros, and what only counts batches
        states = {key: states.get(key, value) for key, value in network.state_dict().items()}
        network.load_state_dict(states)
        return network

    def time(self, function, image):
        for _ in range(3):
            function(image)
        return min(timed(lambda: function(image)) for _ in range(3))

    def run(self):
        return self.function(self.image).numpy()


class Mnn:
    def __init__(self, model, image, threads, folder):
        import MNN
        from importlib import metadata
        self.version = metadata.version("MNN")
        converted = os.path.join(folder, "model.mnn")
        if not newer(converted, model):
            tool(["mnnconvert", "-f", "ONNX", "--modelFile", model, "--MNNModel", converted + ".part", "--bizCode", "ocelli"], folder)
            os.rename(converted + ".part", converted)
        manager = MNN.nn.create_runtime_manager(({"backend": "CPU", "numThread": threads, "precision": "high"},))
        self.network = MNN.nn.load_module_from_file(converted, ["image"], ["logits"], runtime_manager=manager)
        self.expr, self.image = MNN.expr, image
        self.input = MNN.expr.placeholder(list(image.shape), MNN.expr.NCHW)

    def run(self):
        self.input.write(self.image)
        return np.array(self.network.forward([self.input])[0].read())


class Ncnn:
    """One image after another: its networks take no batch."""

    def __init__(self, model, image, threads, folder):
        import ncnn
        from importlib import metadata
        self.ncnn, self.images, self.version = ncnn, image, metadata.version("ncnn")
        if not newer(os.path.join(folder, "done"), model):
            if not os.path.lexists(os.path.join(folder, "model.onnx")):
                os.symlink(os.path.abspath(model), os.path.join(folder, "model.onnx"))
            shape = ",".join(map(str, (1, *image.shape[1:])))
            tool(["pnnx", "model.onnx", f"inputshape=[{shape}]", "fp16=0"], folder)
            open(os.path.join(folder, "done"), "w", encoding="utf-8").close()
        self.net = ncnn.Net()
        options = self.net.opt
        options.num_threads = threads
        for name in dir(options):
            if name.startswith(("use_fp16", "use_bf16", "use_int8", "use_vulkan")):
                setattr(options, name, False)
        if self.net.load_param(os.path.join(folder, "model.ncnn.param")) or self.net.load_model(os.path.join(folder, "model.ncnn.bin")):
            raise RuntimeError("what pnnx made of the model cannot be loaded")

    def run(self):
        rows = []
        for image in self.images:
            extractor = self.net.create_extractor()
            extractor.input("in0", self.ncnn.Mat(image))
            code, out = extractor.extract("out0")
            if code:
                raise RuntimeError(f"extract: {code}")
            rows.append(np.array(out).reshape(-1))
        return np.stack(rows)


class TorchTraining:
    """A step of LeNet-5 (cross entropy, SGD) on images and labels of the right shape; the model's path is not used."""

    def __init__(self, model, image, threads, folder):
        import torch
        from torch import nn
        torch.set_num_threads(threads)
        torch.manual_seed(0)
        self.torch, self.version = torch, torch.__version__.split("+")[0]
        self.network = nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(),
                                     nn.MaxPool2d(2), nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(),
                                     nn.Linear(84, 10))
        self.optimizer = torch.optim.SGD(self.network.parameters(), lr=0.1)
        self.images = torch.from_numpy(image)
        self.labels = torch.randint(0, 10, (len(image),))

    def run(self):
        self.optimizer.zero_grad()
        loss = self.torch.nn.functional.cross_entropy(self.network(self.images), self.labels)
        loss.backward()
        self.optimizer.step()
        return np.array([loss.item()], dtype=np.float32)


class OneDnnLayers:
    """Single convolutions by the oneDNN within PyTorch, direct, in the blocked layouts it chooses; reorders are not timed."""

    def __init__(self, model, image, threads, folder):
        import torch
        from torch.utils import mkldnn
        torch.set_num_threads(threads)
        torch.set_grad_enabled(False)
        self.torch, self.convert, self.version = torch, mkldnn.to_mkldnn, torch.__version__.split("+")[0]

    def layer(self, text):
        import re
        body, bias = re.fullmatch(r"conv2d:((?:[a-z]+\d+)*)(b?)", text).groups()
        v = {name: int(number) for name, number in re.findall(r"([a-z]+)(\d+)", body)}
        pair = {k: (v.get(k + "h", v.get(k + "w", other)), v.get(k + "w", v.get(k + "h", other)))
                for k, other in (("k", 1), ("s", 1), ("p", 0), ("d", 0), ("i", 0))}
        module = self.torch.nn.Conv2d(v["ic"], v["oc"], pair["k"], pair["s"], pair["p"], [d + 1 for d in pair["d"]], v.get("g", 1),
                                      bool(bias)).eval()
        source = self.torch.randn(v.get("mb", 1), v["ic"], *pair["i"])
        module, source, times = self.convert(module), source.to_mkldnn(), []
        for _ in range(3):
            module(source)
        start = time.perf_counter()
        while len(times) < 400 and (len(times) < 5 or time.perf_counter() - start < 0.4):
            times.append(timed(lambda: module(source)))
        return sorted(times)[len(times) // 2]


PEERS = {"ocelli": Ocelli, "onednn-layers": OneDnnLayers, "onnxruntime": OnnxRuntime, "openvino": OpenVino, "torch": Torch, "mnn": Mnn, "ncnn": Ncnn,
         "torch-training": TorchTraining}


def newer(path, than):
    return os.path.exists(path) and os.path.getmtime(path) >= os.path.getmtime(than)


def tool(command, folder):
    command[0] = os.path.join(os.path.dirname(sys.executable), command[0])
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{os.path.basename(command[0])} fails: {(done.stderr or done.stdout)[-200:]}")


def timed(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def main():
    name, model, image, threads, folder = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the libraries print is no answer
    os.makedirs(folder, exist_ok=True)
    peer = None
    for line in sys.stdin:
        words = line.split()
        try:
            if words[0] == "load":
                peer = PEERS[name](model, np.load(image) if image != "-" else None, int(threads), folder)
                answer = {"version": peer.version, "note": getattr(peer, "note", "")}
            elif words[0] == "run":
                peer.run()
                answer = {"seconds": [timed(peer.run) for _ in range(int(words[1]))]}
            elif words[0] == "layer":
                answer = {"seconds": [peer.layer(words[1])]}
            else:
                np.save(words[1], np.asarray(peer.run(), dtype=np.float32))
                answer = {}
        except Exception as error:  # said to the caller, which says it in the table
            answer = {"error": f"{type(error).__name__}: {error}".splitlines()[0][:200]}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
