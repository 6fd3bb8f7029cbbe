# SPDX-License-Identifier: Apache-2.0
"""Models: numbers against the command and ONNX's own tests, sizes, threads, errors."""
import ctypes
import gc
import glob
import itertools
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy
import ocelli
import pytest
from ocelli import _abi

DATA = os.environ.get("OCELLI_ONNX_TESTS", "/usr/share/libonnx-testdata/data") + "/node"
NODES = ["add_bcast", "argmax_keepdims_random", "averagepool_2d_pads_count_include_pad", "batchnorm_epsilon", "clip", "concat_2d_axis_1",
         "conv_with_strides_padding", "convtranspose_pads", "cumsum_2d_axis_0", "dropout_default", "einsum_batch_matmul", "elu", "gather_1",
         "gemm_all_attributes", "globalaveragepool", "hardsigmoid", "instancenorm_example", "logsoftmax_axis_2", "matmul_4d",
         "maxpool_2d_ceil", "pow_types_float32_int64", "reduce_mean_keepdims_random", "resize_upsample_scales_linear", "slice_neg_steps",
         "softmax_axis_1", "top_k", "transpose_all_permutations_3", "where_example"]


def test_numbers_are_those_of_the_command(command, lenet, images, tmp_path, device):
    numpy.save(tmp_path / "x.npy", images)
    subprocess.run([command, "run", "-d", device.info.id, "--dim", "N=6", "-i", f"x={tmp_path}/x.npy", "-o", f"y={tmp_path}/y.npy",
                    str(lenet)], check=True, stdout=subprocess.PIPE)
    assert (ocelli.load(lenet, device)(images) == numpy.load(tmp_path / "y.npy")).all()


def tensor_of(path):
    """A serialized ONNX tensor and its name."""
    name, tensor = ctypes.create_string_buffer(256), ctypes.c_void_p()
    made = ocelli.Tensor.__new__(ocelli.Tensor)
    made.device = None
    made._make("oc_onnx_read_tensor", "oc_tensor_destroy", (), ocelli.default_context().pointer, path.encode(), name, 256)
    assert not tensor
    return name.value.decode(), made.numpy()


@pytest.mark.skipif(not os.path.isdir(DATA), reason="ONNX's tests are not installed (Debian: libonnx-testdata)")
@pytest.mark.parametrize("node", NODES)
def test_onnx_node(node, device):
    folder = f"{DATA}/test_{node}"
    if not os.path.isdir(folder):
        pytest.skip(f"{folder} is not there")
    inputs = dict(tensor_of(one) for one in sorted(glob.glob(f"{folder}/test_data_set_0/input_*.pb")))
    model = ocelli.load(f"{folder}/model.onnx", device, given=inputs)
    outputs = model.run(inputs)
    for one in sorted(glob.glob(f"{folder}/test_data_set_0/output_*.pb")):
        name, expected = tensor_of(one)
        numpy.testing.assert_allclose(outputs[name], expected, rtol=1e-3, atol=1e-5)


def test_what_a_model_tells(lenet, device):
    model = ocelli.load(str(lenet), device=device.info.id)
    assert model.inputs == [ocelli.ValueInfo("x", "f32", ("N", 1, 28, 28))]
    assert [one.name for one in model.outputs] == ["y"] and "x" in repr(model)
    assert "conv1.weight" in model.state and len(model.state) == 10
    assert model.state["conv1.weight"].shape == (6, 1, 5, 5)
    assert "conv2d" in str(model.graph) and "conv2d" in model.plan(N=2).text(why=True)
    assert model.plan(N=2).info["step_count"] > 0


def test_profile(lenet, images, device):
    model = ocelli.load(lenet, device)
    steps = ocelli.Exec(model.plan(N=6), model.state).profile({"x": images})
    convolutions = [one for one in steps if one.problem.startswith("conv2d:")]
    assert len(convolutions) == 2 and all(one.solver.startswith("conv2d.") and one.seconds > 0 for one in convolutions)
    assert convolutions[0].flops == 2 * 6 * 6 * 28 * 28 * 25


def test_half_weights(lenet, images, device):
    model, halved = ocelli.load(lenet, device), ocelli.load(lenet, device, half_weights=True)
    full, got = model(images), halved(images)
    assert (full != got).any()
    numpy.testing.assert_allclose(got, full, rtol=5e-3, atol=5e-3)
    weights = numpy.array(halved.state["fc3.weight"])
    weights[0, 0] = 1e6
    halved.state["fc3.weight"] = weights
    with pytest.raises(ocelli.Error, match="fc3.weight.*65504"):
        halved(images)


def test_any_batch(lenet, images, device):
    model = ocelli.load(lenet, device, plans=2)
    whole = model(images)
    for count in (1, 2, 3, 6, 1):
        numpy.testing.assert_allclose(model(images[:count]), whole[:count], rtol=1e-5, atol=1e-6)
    assert model(images[:0]).shape == (0, 10)
    assert len(model._pools) == 2


def test_symbols_of_any_name(device):
    names = ("batch size", "height*2", "a-b", "\x01", "N")
    for first, second in itertools.permutations(names, 2):
        graph = ocelli.Graph()
        x, y = graph.input("x", "f32", (first, second)), graph.input("y", "f32", (second,))
        graph.output("z", x + y)
        assert (ocelli.Model(graph, device)(numpy.ones((2, 3)), numpy.ones(3)) == 2).all()


def test_options_that_are_wrong(lenet, device):
    for options, text in (({"tuned": "fast"}, "no option \"tuned\""), ({"plans": 0}, "plans for 0")):
        with pytest.raises(ocelli.InvalidError, match=text):
            ocelli.load(lenet, device, **options)
    with pytest.raises(ocelli.InvalidError, match="no device in the list"):
        ocelli.load(lenet, [])
    with pytest.raises(ocelli.InvalidError, match="null character"):
        ocelli.load(str(lenet) + "\0.onnx")


def test_inputs_of_many_kinds(lenet, images, device):
    model = ocelli.load(lenet, device)
    expected = model(images)
    assert (model(images.astype(numpy.float64)) == expected).all()
    assert (model(x=images.tolist()) == expected).all()
    turned = numpy.asfortranarray(images)
    assert (model.run({"x": turned}, ["y"])["y"] == expected).all()
    there = ocelli.Tensor(images.shape, "f32", device)
    there.write(images)
    assert (model(there) == expected).all()


def test_threads(lenet, images, device):
    model = ocelli.load(lenet, device, plans=3)
    expected = {count: model(images[:count]) for count in (1, 2, 3, 4)}

    def work(number):
        count = number % 4 + 1
        return (model(images[:count]) == expected[count]).all()

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(64)))


def test_changed_parameters_count(lenet, images, device):
    model = ocelli.load(lenet, device)
    before = model(images)
    model.state["fc3.bias"] = model.state["fc3.bias"] + 1
    numpy.testing.assert_allclose(model(images), before + 1, rtol=1e-5, atol=1e-5)


def test_save(lenet, images, device, tmp_path):
    model = ocelli.load(lenet, device)
    model.state["fc3.bias"] = numpy.arange(10)
    model.save(tmp_path / "again.onnx")
    assert (ocelli.load(tmp_path / "again.onnx", device)(images) == model(images)).all()
    assert (ocelli.Graph.loads((tmp_path / "again.onnx").read_bytes()).find("fc3.bias").shape) == (10,)


@pytest.mark.parametrize("wrong, kind, text", [
    (lambda m, x: m(x[:, :, :27]), ocelli.ShapeError, r'"x" has shape \(N = 6, 1, 28, 28\), the array \(6, 1, 27, 28\)'),
    (lambda m, x: m(x[0]), ocelli.ShapeError, "has shape"),
    (lambda m, x: m(x + 1j), ocelli.ShapeError, "complex.* is wanted"),
    (lambda m, x: m(x, x), ocelli.InvalidError, "2 inputs are given to a model of 1"),
    (lambda m, x: m(), ocelli.InvalidError, '"x" is missing'),
    (lambda m, x: m.run({"z": x}), ocelli.InvalidError, 'no input "z"; it has x'),
    (lambda m, x: m.run({"x": x}, ["z"]), ocelli.InvalidError, 'no output "z"; it has y'),
    (lambda m, x: m(object()), ocelli.InvalidError, "not an array of numbers"),
    (lambda m, x: m.state["nobody"], ocelli.NotFoundError, "nobody"),
    (lambda m, x: m.state.__setitem__("fc3.bias", [1, 2]), ocelli.ShapeError, r"shape \(10,\), the array \(2,\)"),
    (lambda m, x: ocelli.load("/nowhere.onnx"), ocelli.FileError, "/nowhere.onnx"),
    (lambda m, x: ocelli.Graph.loads(b"nonsense"), ocelli.FormatError, "."),
    (lambda m, x: ocelli.Device("no such device"), ocelli.NoDeviceError, "no such device"),
    (lambda m, x: ocelli.Tensor((1,) * 9), ocelli.ShapeError, "9 axes, more than 8"),
    (lambda m, x: ocelli.Tensor((1,), "f33"), ocelli.InvalidError, "f33"),
    (lambda m, x: ocelli.Context(mask="nonsense").devices(), ocelli.InvalidError, "nonsense"),
])
def test_sentences(wrong, kind, text, lenet, images, device):
    model = ocelli.load(lenet, device)
    with pytest.raises(kind, match=text) as caught:
        wrong(model, images)
    assert isinstance(caught.value, ocelli.Error) and caught.value.status == kind.status != ocelli.Status.OK
    assert model(images).shape == (6, 10)  # it still works


def test_no_opencl():
    code = "import ocelli\ntry:\n    ocelli.devices()\nexcept ocelli.NoDeviceError as e:\n    print(e)"
    for name in ("OCELLI_OPENCL", "OCL_ICD_VENDORS"):
        done = subprocess.run([sys.executable, "-c", code], env={**os.environ, name: "/nowhere"}, stdout=subprocess.PIPE, text=True, check=True)
        assert "install" in done.stdout


def test_a_forked_child_gets_a_status(lenet, images, device):
    """As with multiprocessing's "fork": no hang, no crash, neither in use nor when objects go."""
    model = ocelli.load(lenet, device)
    model(images)
    child = os.fork()
    if child == 0:
        code = 2
        try:
            model(images)
        except ocelli.Error as reason:
            code = 0 if reason.status == ocelli.Status.ERROR_FORKED and str(reason) else 1
        finally:
            del model
            gc.collect()
            os._exit(code)
    for _ in range(200):
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        time.sleep(0.1)
    else:
        os.kill(child, 9)
        os.waitpid(child, 0)
        pytest.fail("the child hangs")
    assert status == 0
    assert model(images).shape == (6, 10)


def test_log(lenet, images):
    said = []
    context = ocelli.Context(log=lambda level, text: said.append((level, text)), log_level="debug")
    ocelli.load(lenet, context=context)(images)
    assert said and all(isinstance(level, ocelli.LogLevel) and text for level, text in said)


def test_several_devices(lenet, images):
    first = ocelli.Device()
    second = ocelli.Device(first.info.id)
    model = ocelli.load(lenet, [first, second], policy="split")
    numpy.testing.assert_allclose(model(images), ocelli.load(lenet, first)(images), rtol=1e-5, atol=1e-6)


def test_abi_is_not_star_imported():
    assert not hasattr(ocelli, "oc_error") and _abi.oc_error
