# SPDX-License-Identifier: Apache-2.0
"""Devices, tensors, DLPack, and the lifetimes of all objects."""
import ctypes
import gc
import itertools
import os
import subprocess
import sys

import numpy
import ocelli
import pytest


def test_devices(device):
    infos = ocelli.devices()
    assert device.info.id in [one.id for one in infos]
    assert infos[0].type in ("cpu", "gpu", "accel", "other") and infos[0].global_mem > 0 and isinstance(infos[0].fp64, bool)
    assert device.info.name in repr(device)


def test_context(tmp_path):
    with ocelli.Context(cache_folder=str(tmp_path / "cache"), mask="wg=64") as context:
        assert context.cache_folder == str(tmp_path / "cache")
        assert max(one.max_work_group for one in context.devices()) <= 64
    with pytest.raises(ocelli.InvalidError, match="this Context was closed"):
        context.devices()
    context.close()


@pytest.mark.parametrize("dtype", ["f32", "f16", "i32", "i64", "u8", "bool", "f64", "i8", "i16", "u16", "u32", "u64"])
@pytest.mark.parametrize("where", ["host", "device"])
def test_tensors(dtype, where, device):
    tensor = ocelli.Tensor((2, 3), dtype, device if where == "device" else None)
    assert tensor.shape == (2, 3) and tensor.dtype == dtype and not tensor.numpy().any()
    numbers = numpy.array([[0, 1, 1], [1, 0, 1]]).astype(tensor.numpy().dtype)
    tensor.write(numbers)
    assert (tensor.numpy() == numbers).all() and (numpy.asarray(tensor) == numbers).all()
    assert dtype in repr(tensor)
    for shape in ((), (0, 4)):
        empty = ocelli.Tensor(shape, dtype, device if where == "device" else None)
        assert empty.numpy().shape == shape
    with pytest.raises(ocelli.ShapeError, match="was given to a tensor of shape"):
        tensor.write(numbers[:1])


def test_a_wrapped_array_is_not_copied():
    array = numpy.arange(6, dtype=numpy.float32)
    tensor = ocelli.Tensor.wrap(array)
    array[2] = 77
    view = tensor.numpy()
    assert view[2] == 77
    view[3] = 78
    assert array[3] == 78
    del array, tensor
    gc.collect()
    assert view[2] == 77  # the view keeps the tensor, which keeps the array


def test_a_read_only_array_stays_as_it_is(lenet, images):
    array = numpy.arange(6, dtype=numpy.float32)
    array.setflags(write=False)
    for tensor in (ocelli.Tensor.wrap(array), ocelli.from_dlpack(array)):
        assert not tensor.writable and not tensor.numpy().flags.writeable and (tensor.numpy() == range(6)).all()
        with pytest.raises(ocelli.InvalidError, match="read-only"):
            tensor.write(numpy.zeros(6))
        with pytest.raises(ocelli.InvalidError, match="read-only"), tensor.map():
            pass
    model = ocelli.load(lenet)
    fixed = numpy.zeros((6, 10), numpy.float32)
    fixed.setflags(write=False)
    with pytest.raises(ocelli.InvalidError, match="read-only"):
        ocelli.Exec(model.plan(N=6), model.state).run({"x": images}, {"y": ocelli.Tensor.wrap(fixed)})
    assert ocelli.Tensor((2,)).writable


def test_numbers_beyond_64_bits():
    graph = ocelli.Graph()
    x = graph.input("x", "f32", (1, 1, 4, 4))
    for wrong in (lambda: ocelli.Tensor((2 ** 64 + 2,)), lambda: graph.input("y", "f32", (2 ** 64 + 2,)),
                  lambda: graph.max_pool2d(x, kernel=2 ** 64 + 2), lambda: graph.reduce_mean(x, axes=[2 ** 64]),
                  lambda: graph.softmax(x, 2 ** 64), lambda: ocelli.Plan(graph, dims={"N": 2 ** 70})):
        with pytest.raises((ocelli.InvalidError, ctypes.ArgumentError)):
            wrong()
    with pytest.raises(TypeError):
        ocelli.Tensor((2.5,))


def test_bf16_is_bits():
    assert ocelli.Tensor((2,), "bf16").numpy().dtype == numpy.uint16
    with pytest.raises(ocelli.UnsupportedError, match="bf16"):
        ocelli.Tensor((2,), "bf16").__dlpack__()


class Foreign:
    """An array that speaks DLPack and nothing else, as those of other libraries."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **arguments):
        return self.array.__dlpack__(**arguments)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


def test_dlpack(lenet, images, device):
    tensor = ocelli.Tensor((4,), "f32")
    shared = numpy.from_dlpack(tensor)
    tensor.write([1, 2, 3, 4])
    assert shared.tolist() == [1, 2, 3, 4]
    del tensor
    gc.collect()
    assert shared.tolist() == [1, 2, 3, 4]
    source = numpy.arange(3, dtype=numpy.int64)
    taken = ocelli.from_dlpack(Foreign(source))
    source[1] = 9
    assert taken.numpy().tolist() == [0, 9, 2]
    model = ocelli.load(lenet, device)
    assert (model(Foreign(images)) == model(images)).all()
    with pytest.raises(ocelli.UnsupportedError, match="copies it to the host"):
        numpy.from_dlpack(ocelli.Tensor((4,), "f32", device))


def make_everything():
    """One object of each kind, with what proves that it still works."""
    context = ocelli.Context()
    device = ocelli.Device(context=context)
    graph = ocelli.Graph(context)
    x = graph.input("x", "f32", (3,))
    graph.output("y", x * graph.state("w", (3,), value=2) + 1)
    state = ocelli.State(graph, device)
    plan = ocelli.Plan(graph, device)
    exec_ = ocelli.Exec(plan, state)
    tensor = ocelli.Tensor((3,), "f32", device)
    tensor.write([1, 2, 3])
    return {"context": context, "device": device, "graph": graph, "state": state, "plan": plan, "exec": exec_, "tensor": tensor}


@pytest.mark.parametrize("order", list(itertools.islice(itertools.permutations(range(7)), 0, None, 97)))
def test_any_order_of_destruction(order):
    objects = make_everything()
    names = [list(objects)[i] for i in order]
    for number, name in enumerate(names):
        one = objects.pop(name)
        if number % 2:
            one.close()
        del one
        if "exec" in objects and "tensor" in objects:
            assert objects["exec"].run({"x": objects["tensor"]})["y"].tolist() == [3, 5, 7]
        if "state" in objects:
            assert objects["state"]["w"].tolist() == [2, 2, 2]
    gc.collect()


def test_borrowed_state_keeps_its_owner(device):
    graph = ocelli.Graph()
    graph.output("y", graph.input("x", "f32", (2,)) + graph.state("w", (2,), value=4))
    trainer_state = ocelli.Exec(ocelli.Plan(graph, device), ocelli.State(graph, device)).state
    gc.collect()
    assert trainer_state["w"].tolist() == [4, 4]


def test_closed_objects_say_so(device):
    objects = make_everything()
    for name, use in (("graph", lambda o: o.inputs), ("exec", lambda o: o.run({})), ("tensor", lambda o: o.numpy()),
                      ("state", lambda o: o["w"]), ("plan", lambda o: o.info)):
        with objects[name] as one:
            pass
        with pytest.raises(ocelli.InvalidError, match="was closed"):
            use(one)
        assert one.__repr__()


def test_objects_that_live_until_the_end():
    code = ("import ocelli, numpy\nm = ocelli.Graph()\nm.output('y', m.input('x', 'f32', ('N',)) * 2)\nm = ocelli.Model(m)\n"
            "print(m(numpy.ones(3))[0])\nkeep = [m, m.state, ocelli.Tensor((2,), 'f32', m.device)]\nkeep.append(keep)")
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ)
    assert (done.returncode, done.stdout, done.stderr) == (0, "2.0\n", "")


def test_memory_is_given_back(device):
    """A hundred megabytes at a time, two gigabytes in all, under a limit of four hundred."""
    context = ocelli.Context(device_limit=400 << 20)
    there = ocelli.Device(device.info.id, context)
    for _ in range(20):
        ocelli.Tensor((25 << 20,), "f32", there)
    with pytest.raises(ocelli.DeviceMemoryError):
        [ocelli.Tensor((25 << 20,), "f32", there) for _ in range(5)]


def test_own_memory(device):
    """Inputs and outputs in an exec's own memory, mapped."""
    graph = ocelli.Graph()
    graph.output("y", graph.relu(graph.input("x", "f32", (2, 3))))
    exec_ = ocelli.Exec(ocelli.Plan(graph, device))
    x, y = exec_.tensor("x"), exec_.tensor("y")
    with x.map() as numbers:
        numbers[:] = [[-1, 2, 3], [4, -5, 6]]
        with pytest.raises(ocelli.InvalidError, match="mapped already"), x.map():
            pass
    exec_.run({}, [])
    with y.map() as numbers:
        assert numbers.tolist() == [[0, 2, 3], [4, 0, 6]]
    exec_.run({"x": x}, {"y": y})
    del exec_
    gc.collect()
    assert y.numpy()[1, 2] == 6 and x.device is not None
    with ocelli.Tensor((0, 3), device=device).map() as nothing, ocelli.Tensor((2,)).map() as host:
        assert nothing.shape == (0, 3) and host.tolist() == [0, 0]
