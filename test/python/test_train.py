# SPDX-License-Identifier: Apache-2.0
"""Graphs, gradients and training, against NumPy."""
import numpy
import ocelli
import pytest


def test_arithmetic(device):
    graph = ocelli.Graph()
    x = graph.input("x", "f32", ("N", 2))
    y = ((1 - x) * 2 + x / 4 - 3) ** 2 @ numpy.array([[1, 2], [3, 4]], numpy.float32)
    graph.output("y", (-y + 2 / (x * x + 1)).named("result"))
    numbers = numpy.array([[1, 2], [3, -4], [0, 0.5]], numpy.float32)
    expected = -(((1 - numbers) * 2 + numbers / 4 - 3) ** 2 @ numpy.array([[1, 2], [3, 4]])) + 2 / (numbers**2 + 1)
    numpy.testing.assert_allclose(ocelli.Model(graph, device)(numbers), expected, rtol=1e-5)
    assert x.shape == ("N", 2) and x.dtype == "f32" and "x" in repr(x)
    graph.output("turned", numpy.full((2,), 3, numpy.float32) - x)
    assert (ocelli.Model(graph, device)(numbers)[1] == 3 - numbers).all()
    with pytest.raises(ocelli.InvalidError, match="another graph"):
        ocelli.Graph().relu(x)
    with pytest.raises(ocelli.InvalidError, match="is None"):
        graph.relu(None)
    with pytest.raises(ocelli.ShapeError):
        graph.matmul(x, numpy.ones((3, 3), numpy.float32))


def test_gradients(device):
    graph = ocelli.Graph()
    x, w = graph.input("x", "f32", (3,)), graph.input("w", "f32", (3,))
    dx, dw = graph.gradients(x * x * w, [x, w])
    graph.output("dx", dx)
    graph.output("dw", dw)
    x, w = numpy.array([1, -2, 4], numpy.float32), numpy.array([3, 1, 0.5], numpy.float32)
    y = ocelli.Model(graph, device).run({"x": x, "w": w})
    assert (y["dx"] == 2 * x * w).all() and (y["dw"] == x * x).all()


def softmax_regression(x, labels, steps, lr, momentum):
    """Losses and weights, in double precision."""
    w, v, losses = numpy.zeros((x.shape[1], 3)), 0, []
    for _ in range(steps):
        p = numpy.exp(x @ w)
        p /= p.sum(1, keepdims=True)
        losses.append(-numpy.log(p[numpy.arange(len(x)), labels]).mean())
        p[numpy.arange(len(x)), labels] -= 1
        v = momentum * v + x.T @ p / len(x)
        w = w - lr * v
    return losses, w


@pytest.fixture
def points():
    random = numpy.random.default_rng(1)
    x = random.normal(size=(48, 5)).astype(numpy.float32)
    return x, (x[:, :3].argmax(1)).astype(numpy.int64)


def linear(graph):
    x = graph.input("x", "f32", ("N", 5))
    return x, graph.matmul(x, graph.state("w", (5, 3)))


def test_a_step_is_what_numpy_computes(points, device):
    x, labels = points
    graph = ocelli.Graph()
    _, logits = linear(graph)
    loss = graph.reduce_mean(graph.softmax_cross_entropy(logits, graph.input("labels", "i64", ("N",))))
    graph.output("loss", loss)
    sgd = ocelli.SGD(0.5, momentum=0.9)
    graph.minimize(loss, sgd)
    state = ocelli.State(graph, device)
    exec_ = ocelli.Exec(ocelli.Plan(graph, device, dims={"N": len(x)}), state)
    losses = [float(exec_.train({"x": x, "labels": labels}, sgd, step)["loss"]) for step in range(1, 11)]
    expected, w = softmax_regression(x, labels, 10, 0.5, 0.9)
    numpy.testing.assert_allclose(losses, expected, rtol=1e-5)
    numpy.testing.assert_allclose(state["w"], w, rtol=1e-4, atol=1e-5)
    assert (exec_.state["w"] == state["w"]).all()


def trainer_for(device, **others):
    graph = ocelli.Graph()
    graph.output("logits", linear(graph)[1])
    return ocelli.Trainer(graph, device, optimizer=ocelli.SGD(0.5, momentum=0.9), batch=48, shuffle=False, **others)


def test_trainer_is_what_numpy_computes(points, device):
    x, labels = points
    trainer = trainer_for(device)
    losses = [trainer.step(x, labels) for _ in range(10)]
    expected, w = softmax_regression(x, labels, 10, 0.5, 0.9)
    numpy.testing.assert_allclose(losses, expected, rtol=1e-5)
    numpy.testing.assert_allclose(trainer.state["w"], w, rtol=1e-4, atol=1e-5)
    report = trainer.evaluate(x, labels)
    assert report.samples == 48 and report.accuracy > 0.8 and report.step == 10
    assert trainer.gradient("w").shape == (5, 3)
    with pytest.raises(ocelli.NotFoundError, match="nobody"):
        trainer.gradient("nobody")


def test_epochs_checkpoints_and_models(points, device, tmp_path):
    x, labels = points
    trainer, twin = (trainer_for(device, schedule=ocelli.Schedule("cosine", steps=10, factor=0.1)) for _ in range(2))
    calls = []
    report = trainer.epoch(x, labels, progress=lambda *told: calls.append(told))
    assert report.epoch == 1 and len(calls) == 1 and calls[0][:2] == (1, 1)
    with pytest.raises(KeyError, match="mine"):
        trainer.epoch(x, labels, progress=lambda *_: {}["mine"])
    trainer.save(tmp_path / "checkpoint")
    twin.resume(tmp_path / "checkpoint")
    assert [twin.step(x, labels) for _ in range(3)] == [trainer.step(x, labels) for _ in range(3)]
    trainer.set_optimizer(ocelli.SGD(0))
    trainer.save_model(tmp_path / "model.onnx")
    model = ocelli.load(tmp_path / "model.onnx", device)
    numpy.testing.assert_allclose(model(x), x @ trainer.state["w"], rtol=1e-4, atol=1e-5)
    onwards = ocelli.Trainer(model, optimizer=ocelli.Adam(0.01), batch=16)  # from the model's parameters
    assert (onwards.state["w"] == model.state["w"]).all()
    first = onwards.evaluate(x, labels).loss
    for _ in range(3):
        onwards.epoch(x, labels)
    assert onwards.evaluate(x, labels).loss < first


@pytest.mark.parametrize("optimizer", [ocelli.SGD(0.1, 0.9, nesterov=True), ocelli.Adam(0.05), ocelli.AdamW(0.05), ocelli.Adagrad(0.3),
                                       ocelli.RMSprop(0.05, clip_norm=1)])
def test_optimizers_descend(optimizer, points, device):
    x, labels = points
    graph = ocelli.Graph()
    graph.output("logits", linear(graph)[1])
    trainer = ocelli.Trainer(graph, device, optimizer=optimizer, batch=48)
    losses = [trainer.step(x, labels) for _ in range(15)]
    assert losses[-1] < 0.7 * losses[0]


def test_schedule():
    assert ocelli.Schedule("step", steps=10, factor=0.1).rate(1, 11) == pytest.approx(0.1)
    with pytest.raises(ocelli.InvalidError, match="constant, step"):
        ocelli.Schedule("nonsense").rate(1, 1)


def test_state_as_a_dictionary(points, device, tmp_path):
    graph = ocelli.Graph()
    graph.state("w", (2, 2), init="he")
    graph.state_array("table", numpy.arange(4), frozen=True)
    state = ocelli.State(graph, device, seed=9)
    assert list(state) == ["w", "table"] and "w" in state and "v" not in state and len(state) == 2
    assert [one.trainable for one in state.infos] == [True, False] and state["table"].tolist() == [0, 1, 2, 3]
    state.save(tmp_path / "state", "a note")
    before = state["w"]
    state["w"] = [[1, 2], [3, 4]]
    assert state["w"].tolist() == [[1, 2], [3, 4]]
    assert state.restore(tmp_path / "state") == "a note" and (state["w"] == before).all()
    assert (ocelli.State(graph, device, seed=9)["w"] == before).all() and graph.freeze("w") == 1


def test_known_network(device):
    graph = ocelli.Graph()
    x = graph.input("x", "f32", (1, 3, 32, 32))
    graph.output("logits", graph.net_build("squeezenet1_1", x, outputs=7))
    assert ocelli.Model(graph, device)(numpy.zeros((1, 3, 32, 32))).shape == (1, 7)
    known = {one.name: one for one in ocelli.networks()}
    assert len(known) > 20 and known["lenet5"].input == (1, 32, 32) and known["lenet5"].parameters == 61706
    with pytest.raises(ocelli.Error, match="nonet"):
        graph.net_build("nonet", x)
