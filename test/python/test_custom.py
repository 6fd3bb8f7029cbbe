# SPDX-License-Identifier: Apache-2.0
"""Operators of one's own, made in Python."""
import gc

import numpy
import ocelli
import pytest

SWISH = """
__kernel void swish(__global const float *x, long x_at, __global float *y, long y_at, long items, float beta) {
    long i = get_global_id(0);
    if (i < items)
        y[y_at + i] = x[x_at + i] / (1 + exp(-beta * x[x_at + i]));
}
"""
TAPS = """
__kernel void taps(__global const OC_TYPE(IN0) *x, long x_at, __global OC_TYPE(OUT0) *y, long y_at, long w, long items, float a, float b) {
    long i = get_global_id(0), row = i / (w - 1);
    if (i < items)
        OC_STORE(OUT0, y, y_at + i, SCALE * (a * OC_LOAD(IN0, x, x_at + i + row) + b * OC_LOAD(IN0, x, x_at + i + row + 1)));
}
"""
PAIR = """
__kernel void pair(__global const float *x, long x_at, __global const float *y, long y_at, __global float *s, long s_at,
                   __global float *d, long d_at, long items) {
    long i = get_global_id(0);
    if (i < items) {
        s[s_at + i] = x[x_at + i] + y[y_at + i];
        d[d_at + i] = x[x_at + i] - y[y_at + i];
    }
}
"""


def swish_host(x, params):
    return x / (1 + numpy.exp(-params.beta * x))


def swish_gradient(g):
    s = g.graph.sigmoid(g.inputs[0] * g.params.beta)
    return g.diff_out[0] * (s + g.outputs[0] * (1 - s) * g.params.beta)


@pytest.fixture
def swish():
    with ocelli.CustomOp("python.swish", SWISH, params={"beta": "f32"}, batched=True, host=swish_host, gradient=swish_gradient) as op:
        yield op


def taps_shapes(inputs, params):
    (dtype, shape), = inputs
    return dtype, (*shape[:-1], shape[-1].window(2))


def taps_launch(launch, problem, device):
    if problem.params.pair[0] > 100:
        raise NotImplementedError(f"{problem.params.pair[0]} is too much for {device.max_work_group}")
    launch.defines[0].name, launch.defines[0].value = b"SCALE", 2
    assert problem.number == 0 and problem.inputs[0][0] in ("f32", "f16")


@pytest.fixture
def taps():
    def host(x, params):
        return 2 * (params.pair[0] * x[..., :-1] + params.pair[1] * x[..., 1:])
    with ocelli.CustomOp("python.taps", TAPS, params={"pair": ("f32", 2)}, shapes=taps_shapes, host=host, launch=taps_launch,
                         args="in out in0.-1 items pair", types="f32 f16") as op:
        yield op


def run(graph, device, **inputs):
    return ocelli.Exec(ocelli.Plan(graph, device, default_dim=3)).run(inputs)


def test_numbers(device, swish, taps):
    graph = ocelli.Graph()
    y = taps(swish(graph.input("x", "f32", ("N", "W")), beta=2), pair=(0.5, -1))
    assert y.shape == ("N", "window(W,2,1,1,0)")
    graph.output("y", y)
    x = numpy.linspace(-2, 2, 9, dtype=numpy.float32).reshape(3, 3)
    s = x / (1 + numpy.exp(-2 * x))
    numpy.testing.assert_allclose(run(graph, device, x=x)["y"], s[:, :-1] - 2 * s[:, 1:], rtol=1e-4, atol=1e-5)
    assert "python.taps" in repr(taps) and "python.swish" in str(graph)


def test_several_outputs(device):
    pair = ocelli.CustomOp("python.pair", PAIR, inputs=2, outputs=2, host=lambda x, y, _: (x + y, x - y), exact=True)
    graph = ocelli.Graph()
    for name, value in zip(("sum", "difference"), graph.custom(pair, graph.input("x", "f32", (4,)), numpy.ones(4, numpy.float32))):
        graph.output(name, value)
    out = run(graph, device, x=numpy.arange(4, dtype=numpy.float32))
    assert out["sum"].tolist() == [1, 2, 3, 4] and out["difference"].tolist() == [-1, 0, 1, 2]


def test_training(device, swish):
    graph = ocelli.Graph()
    x, t = graph.input("x", "f32", ("N", 4)), graph.input("t", "f32", ("N", 1))
    w, v = graph.state("w", (4, 8), init="xavier"), graph.state("v", (8, 1), init="xavier")
    error = swish(x @ w, beta=1) @ v - t
    loss = graph.reduce_mean(error * error)
    graph.output("loss", loss)
    adam = ocelli.Adam(lr=0.03)
    graph.minimize(loss, adam)
    swish.close()
    gc.collect()
    exec_ = ocelli.Exec(ocelli.Plan(graph, device, default_dim=16))
    numbers = numpy.random.default_rng(2).standard_normal((16, 4)).astype(numpy.float32)
    losses = [float(exec_.train({"x": numbers, "t": numbers[:, :1] * numbers[:, 1:2]}, adam, step)["loss"]) for step in range(1, 61)]
    assert losses[-1] < 0.5 * losses[0]


def test_models(tmp_path, device, taps):
    graph = ocelli.Graph()
    graph.output("y", taps(graph.input("x", "f32", (2, 5)), pair=[1, 3]))
    graph.save(tmp_path / "own.onnx")
    x = numpy.ones((2, 5), numpy.float32)
    assert (run(ocelli.Graph.load(tmp_path / "own.onnx"), device, x=x)["y"] == 8).all()
    taps.close()
    with pytest.raises(ocelli.UnsupportedError, match="python.taps"):
        ocelli.Graph.load(tmp_path / "own.onnx")


def failing(error):
    def fail(*_):
        raise error
    return fail


def test_mistakes(device, swish, taps):
    graph = ocelli.Graph()
    x = graph.input("x", "f32", (4,))
    with pytest.raises(ocelli.InvalidError, match="no parameter gamma; it has beta"):
        swish(x, gamma=1)
    with pytest.raises(ocelli.InvalidError, match="pair has 3 entries, not 2"):
        taps(x, pair=(1, 2, 3))
    with pytest.raises(ocelli.InvalidError, match="an op named python.swish"):
        ocelli.CustomOp("python.swish", SWISH)
    with pytest.raises(ocelli.InvalidError, match="field beta is neither"):
        ocelli.CustomOp("python.other", SWISH, params={"beta": "f64"})
    with pytest.raises(ocelli.InvalidError, match="none of its operands"):
        swish(3.0)
    rule = ocelli.CustomOp("python.rule", SWISH, shapes=failing(ocelli.ShapeError("not today")))
    with pytest.raises(ocelli.ShapeError, match="python.rule: not today"):
        rule(x)
    for name, error, kind, text in (("wrong", None, ocelli.Error, "python.wrong.k gave a wrong result"),
                                    ("broken", KeyError("k"), ocelli.InvalidError, "python.broken: KeyError")):
        host = failing(error) if error else (lambda x, _: x)
        op = ocelli.CustomOp(f"python.{name}", SWISH.replace("swish", "k").replace(", float beta", "").replace("beta", "1"), kernel="k", host=host)
        other = ocelli.Graph()
        other.output("y", op(other.input("x", "f32", (4,))))
        with pytest.raises(kind, match=text):
            ocelli.Plan(other, device)
    graph = ocelli.Graph()
    graph.output("y", taps(graph.input("x", "f32", (4,)), pair=(101, 1)))
    with pytest.raises(ocelli.UnsupportedError, match="NotImplementedError: 101.0 is too much"):
        ocelli.Plan(graph, device)


def test_sizes():
    """Arithmetic on sizes that are not known yet."""
    seen = []

    def shapes(inputs, _):
        n, m = inputs[0][1]
        seen.append((n + 3, 2 * n // n, m * 4 // 2, m + n))
        return [("f32", (n * 2 // n, m + 1))]
    op = ocelli.CustomOp("python.sizes", SWISH, shapes=shapes)
    graph = ocelli.Graph()
    assert op(graph.input("x", "f32", ("N", 6))).shape == (2, 7)
    assert seen[0][1] == 2 and seen[0][2] == 12 and seen[0][0] < 0 and seen[0][3] < 0
    with pytest.raises(ocelli.ShapeError, match="7 cannot be divided by 2"):
        ocelli.CustomOp("python.odd", SWISH, shapes=lambda inputs, _: ("f32", (inputs[0][1][1] // 2,)))(graph.input("z", "f32", (3, 7)))


def test_released():
    """Callbacks live as long as the operator, and no longer."""
    from ocelli import _custom  # pylint: disable=import-outside-toplevel
    before = len(_custom._alive)
    graph = ocelli.Graph()
    op = ocelli.CustomOp("python.released", SWISH, host=swish_host)
    op(graph.input("x", "f32", (3,)))
    assert len(_custom._alive) == before + 1
    op.close()
    assert len(_custom._alive) == before + 1
    del graph, op
    gc.collect()
    assert len(_custom._alive) == before
