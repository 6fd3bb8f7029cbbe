# SPDX-License-Identifier: Apache-2.0
"""What was generated from the headers, against a C compiler and the list of symbols."""
import ctypes
import inspect
import re
import shutil
import subprocess

import numpy
import ocelli
import pytest
from conftest import ROOT
from ocelli import _abi, _ops


def structs():
    return [one for one in vars(_abi).values() if inspect.isclass(one) and issubclass(one, ctypes.Structure) and hasattr(one, "_fields_")]


@pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler")
def test_structs_lie_in_memory_as_in_c(tmp_path):
    lines = ["#include <ocelli/ocelli.h>", "#include <stdio.h>", "int main(void) {"]
    expected = []
    for one in structs():
        lines.append(f'printf("%zu\\n", sizeof({one.__name__}));')
        expected.append(ctypes.sizeof(one))
        for name, _ in one._fields_:
            lines.append(f'printf("%zu\\n", offsetof({one.__name__}, {name}));')
            expected.append(getattr(one, name).offset)
    (tmp_path / "sizes.c").write_text("\n".join(lines + ["return 0; }"]))
    subprocess.run(["cc", f"-I{ROOT}/include", tmp_path / "sizes.c", "-o", tmp_path / "sizes"], check=True)
    found = subprocess.run([tmp_path / "sizes"], check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    assert len(expected) > 300 and [int(one) for one in found] == expected


def test_every_function_is_declared():
    symbols = set((ROOT / "test/house/symbols.list").read_text().split())
    opencl = set(re.findall(r"\b(oc_\w+)\(", (ROOT / "include/ocelli/opencl.h").read_text()))
    assert set(_abi.FUNCTIONS) == symbols - opencl


def test_statuses():
    for one in ocelli.Status:
        name = ocelli.lib.oc_status_name(one).decode()
        assert name == "OC_" + one.name


def operators():
    return [name for name, one in vars(_ops.Operators).items() if inspect.isfunction(one)]


@pytest.mark.parametrize("name", operators())
def test_no_operator_crashes(name):
    """Each method, with whatever fits its parameters' kinds: a value, or an exception with a sentence."""
    graph = ocelli.Graph()
    x = graph.input("x", "f32", (2, 3, 4, 4))
    samples = {"Operand": x, "Sequence[Operand]": [x, x], "ShapeLike": (2, -1), "str": "relu", "DTypeLike": "f16", "int": 1, "float": 0.5,
               "bool": True, "Sequence[int]": [1, 2, 3, 4]}
    method = getattr(graph, name)
    arguments = []
    for one in inspect.signature(method).parameters.values():
        if one.default is inspect.Parameter.empty and one.kind is not inspect.Parameter.KEYWORD_ONLY:
            kind = re.sub(r"^Optional\[(.*)\]$", r"\1", one.annotation)
            arguments.append(samples.get(kind, "mean" if kind.startswith("Union[str") else None))
    try:
        made = method(*arguments)
    except (ocelli.Error, TypeError, OverflowError) as reason:
        assert str(reason)
    else:
        assert made.shape is not None
        assert method.__doc__ and "C: oc_" in method.__doc__


def test_outs_arrays_and_enums(device):
    graph = ocelli.Graph()
    x = graph.input("x", "f32", (1, 1, 4, 4))
    largest, where = graph.max_pool2d(x, kernel=2, stride=2, indices=True)
    graph.output("largest", largest)
    graph.output("where", where)
    graph.output("sums", graph.reduce_sum(x, axes=(2, -1), keep_dims=True))
    graph.output("padded", graph.pad(x, begin=(0, 0, 1), end=(0, 0, 0, 2), mode="edge"))
    numbers = numpy.arange(16, dtype=numpy.float32).reshape(1, 1, 4, 4)
    y = ocelli.Model(graph, device).run({"x": numbers})
    assert y["largest"].ravel().tolist() == [5, 7, 13, 15] and y["where"].ravel().tolist() == [5, 7, 13, 15]
    assert y["where"].dtype == numpy.int64 and y["sums"].tolist() == [[[[120]]]]
    assert (y["padded"] == numpy.pad(numbers, ((0, 0), (0, 0), (1, 0), (0, 2)), mode="edge")).all()
    with pytest.raises(ocelli.InvalidError, match="constant, reflect, edge, wrap"):
        graph.pad(x, mode="nonsense")
    with pytest.raises(ocelli.ShapeError, match="more than"):
        graph.max_pool2d(x, kernel=(1, 2, 3, 4))
