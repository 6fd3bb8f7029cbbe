# SPDX-License-Identifier: Apache-2.0
import os
from pathlib import Path

import numpy
import ocelli
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def device():
    return ocelli.Device()


@pytest.fixture
def command():
    """The command `ocelli` of the build folder that is tested."""
    path = os.environ.get("OCELLI_COMMAND", "")
    if not os.path.exists(path):
        pytest.skip("there is no command to compare with ($OCELLI_COMMAND)")
    return path


@pytest.fixture
def lenet(tmp_path, device):
    """LeNet-5 as a model file, with weights from a seed."""
    graph = ocelli.Graph()
    graph.output("y", graph.net_lenet5(graph.input("x", "f32", ("N", 1, 28, 28))))
    path = tmp_path / "lenet.onnx"
    graph.save(path, ocelli.State(graph, device, seed=3))
    return path


@pytest.fixture
def images():
    return numpy.random.default_rng(5).random((6, 1, 28, 28), numpy.float32)
