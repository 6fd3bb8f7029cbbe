# SPDX-License-Identifier: Apache-2.0
"""Plans, execs, and models: what a user who has an ONNX file needs."""
from __future__ import annotations

import ctypes
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

import numpy

from . import _abi
from ._convert import dtype_of_number, shape_tuple, whole
from ._graph import Graph, PathLike, State, ValueInfo
from ._library import Handle, InvalidError, ShapeError, call, lib, text_of
from ._objects import Array, Context, Device, DeviceLike, Tensor, as_array, device_of, fit

Devices = Union[DeviceLike, Sequence[Device]]


def device_list(device: Devices, context: Context) -> List[Device]:
    if isinstance(device, (list, tuple)):
        if not device:
            raise InvalidError("there is no device in the list")
        return [device_of(one, context) for one in device]
    return [device_of(device, context)]  # type: ignore[arg-type]


def _c_strings(texts: Sequence[str]) -> Any:
    return (ctypes.c_char_p * len(texts))(*[one.encode() for one in texts])


class Plan(Handle):
    """A graph compiled for devices. Never changes; any number of threads may share it, each with an Exec of its own.

    :param dims: numbers for symbols: {"N": 8}. :param default_dim: for symbols that are not named in dims.
    :param outputs: names of the outputs wanted; default: all, and all updates of states.
    :param inference: dropout passes on what it gets, batch normalization uses the running statistics.
    :param no_updates: leave states as they are. :param tune: "off", "fast", "full": measure solvers first.
    :param policy: how nodes are placed on several devices: "single", "heft", "split", "pipeline", "auto".
    :param half_weights: keep weights in half precision where that takes no longer; a weight beyond 65504 is an error.
    """

    __slots__ = ("device", "context")

    def __init__(self, graph: Graph, device: Devices = None, *, dims: Optional[Mapping[str, int]] = None, default_dim: int = 0,
                 outputs: Optional[Sequence[str]] = None, inference: bool = False, no_updates: bool = False, policy: Optional[str] = None,
                 tune: Optional[str] = None, tune_limit: float = 0, workspace_limit: int = 0, no_fusion: bool = False,
                 reference: bool = False, wait_limit: float = 0, half_weights: bool = False) -> None:
        devices = device_list(device, graph.context)
        self.device, self.context = devices[0], graph.context
        named = dict(dims or {})
        bindings = (_abi.oc_dim_binding * len(named))(*[_abi.oc_dim_binding(name.encode(), whole(size)) for name, size in named.items()])
        params = _abi.oc_plan_params(dims=bindings, dim_count=len(named), default_dim=default_dim, outputs=_c_strings(outputs or []),
                                     output_count=len(outputs or []), policy=policy.encode() if policy else None,
                                     workspace_limit=workspace_limit, tune=tune.encode() if tune else None, tune_limit=tune_limit,
                                     no_fusion=no_fusion, reference=reference, inference=inference, no_updates=no_updates,
                                     wait_limit=wait_limit, half_weights=half_weights)
        pointers = (ctypes.c_void_p * len(devices))(*[one.pointer for one in devices])
        self._make("oc_plan_create", "oc_plan_destroy", tuple(one._own for one in devices), graph.pointer, pointers, len(devices),
                   ctypes.byref(params))

    @property
    def inputs(self) -> List[ValueInfo]:
        return self._infos(lib.oc_plan_get_input)

    @property
    def outputs(self) -> List[ValueInfo]:
        return self._infos(lib.oc_plan_get_output)

    def _infos(self, get: Any) -> List[ValueInfo]:
        found: List[ValueInfo] = []
        while True:
            raw = get(self.pointer, len(found))
            if raw.name is None:
                return found
            found.append(ValueInfo(raw.name.decode(), dtype_of_number(raw.dtype), shape_tuple(raw.shape)))

    @property
    def info(self) -> Dict[str, Union[int, float]]:
        """Memory in bytes, and counts of steps and programs."""
        raw = lib.oc_plan_get_info(self.pointer)
        return {field[0]: getattr(raw, field[0]) for field in raw._fields_}

    def text(self, why: bool = False) -> str:
        """Each step, what it computes and with which solver. :param why: refused solvers too."""
        return text_of("oc_plan_print", self.pointer, why)

    def __str__(self) -> str:
        return self.text()


@dataclass(frozen=True)
class StepTime:
    """A step of a run: its problem and solver by name, seconds on the device, arithmetic and memory that the problem needs."""
    problem: str
    solver: str
    node: str
    seconds: float
    flops: float
    bytes: float


class Exec(Handle):
    """Memory and kernels in which a plan runs. Runs from several threads wait for one another: make several execs instead.

    :param state: the states of the plan's graph; None: its first values."""

    __slots__ = ("plan", "_state", "_lock", "_inputs", "_outputs")

    def __init__(self, plan: Plan, state: Optional[State] = None) -> None:
        self.plan, self._state, self._lock = plan._another(), state._another() if state else None, threading.Lock()
        kept = (plan._own, state._own) if state else (plan._own,)
        self._make("oc_exec_create", "oc_exec_destroy", kept, plan.pointer, state.pointer if state else None)
        self._inputs = {one.name: one for one in plan.inputs}
        self._outputs = {one.name: one for one in plan.outputs}

    @property
    def state(self) -> State:
        """The state that is used: its own, or the one given."""
        return self._state or State._borrow(lib.oc_exec_get_state(self.pointer), self._own, self.plan.device)

    def run(self, inputs: Mapping[str, Array],
            outputs: Union[None, Sequence[str], Mapping[str, Tensor]] = None) -> Dict[str, numpy.ndarray]:
        """Runs the plan once.

        :param inputs: every input that was not given in an earlier run: NumPy arrays, or tensors on any side.
        :param outputs: names of those wanted (default: all), or tensors to write them into, which are then not returned.
        :return: a NumPy array for each output."""
        given = {name: self._bind(name, array) for name, array in inputs.items()}
        wanted, arrays = self._want(outputs)
        with self._lock:
            call("oc_exec_run", self.pointer, *_bindings(given), *_bindings(wanted))
        return arrays

    def tensor(self, name: str) -> Tensor:
        """Its own memory of an input or output, on the device: `with exec.tensor("x").map() as x: x[:] = …` is the input of the next run,
        which then copies nothing."""
        tensor = Tensor.__new__(Tensor)
        tensor.device = self.plan.device._another()
        tensor._make("oc_exec_get_tensor", "oc_tensor_destroy", (self._own,), self.pointer, name.encode())
        return tensor

    def train(self, inputs: Mapping[str, Array], optimizer: Any, step: int,
              outputs: Union[None, Sequence[str], Mapping[str, Tensor]] = None) -> Dict[str, numpy.ndarray]:
        """One step of a graph for which Graph.minimize() was called. :param step: from 1."""
        hyper = numpy.empty(9, numpy.float32)
        lib.oc_optimizer_hyper(ctypes.byref(optimizer.struct()), step, hyper.ctypes.data_as(ctypes.POINTER(ctypes.c_float)))
        return self.run({**inputs, "train.hyper": hyper}, outputs)

    def profile(self, inputs: Mapping[str, Array]) -> List[StepTime]:
        """Runs the plan once, and tells what each of its steps took."""
        call("oc_exec_set_profiling", self.pointer, True)
        try:
            self.run(inputs, [])
            steps: List[StepTime] = []
            while True:
                raw = lib.oc_exec_get_step_time(self.pointer, len(steps))
                if raw.problem is None:
                    return steps
                steps.append(StepTime(raw.problem.decode(), raw.solver.decode(), raw.node.decode(), raw.seconds, raw.flops, raw.bytes))
        finally:
            call("oc_exec_set_profiling", self.pointer, False)

    def _bind(self, name: str, array: Array) -> Tensor:
        if isinstance(array, Tensor):
            return array
        info = self._inputs.get(name)
        dense = as_array(array)
        return Tensor.wrap(fit(dense, info.dtype, f"the input \"{name}\"") if info and info.dtype != "bf16" else dense, self.plan.context)

    def _want(self, outputs: Union[None, Sequence[str], Mapping[str, Tensor]]) -> Tuple[Dict[str, Tensor], Dict[str, numpy.ndarray]]:
        if isinstance(outputs, Mapping):
            return {name: one.writes() for name, one in outputs.items()}, {}
        tensors, arrays = {}, {}
        for name in self._outputs if outputs is None else outputs:
            info = self._outputs.get(name)
            if info is None:
                raise InvalidError(f"the plan has no output \"{name}\"; it has {', '.join(self._outputs)}")
            tensors[name] = Tensor(info.shape, info.dtype, context=self.plan.context)  # type: ignore[arg-type]
            arrays[name] = tensors[name].numpy()
        return tensors, arrays


def _bindings(tensors: Mapping[str, Tensor]) -> Tuple[Any, int]:
    raw = [_abi.oc_binding(name.encode(), one.pointer) for name, one in tensors.items()]
    return (_abi.oc_binding * len(raw))(*raw), len(raw)


class _Pool:
    """A plan and the execs of it that nobody runs at the moment."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.idle = plan, []  # type: Plan, List[Exec]


class Model:
    """A network ready to run, for any sizes: plans are made as sizes are met, and kept. Any number of threads may run it at once.

    :param graph: built, or read by Graph.load(). :param device: a device, its name, or several.
    :param state: parameters; None: the graph's own first values, random ones made from `seed`.
    :param plans: how many sizes are kept ready.
    :param options: passed on to Plan."""

    def __init__(self, graph: Graph, device: Devices = None, *, state: Optional[State] = None, seed: int = 0, plans: int = 8,
                 **options: Any) -> None:
        unknown = sorted(set(options) - set(Plan.__init__.__kwdefaults__ or {}))
        if unknown or plans < 1:
            raise InvalidError(f"a Plan has no option \"{unknown[0]}\"" if unknown else f"plans for {plans} sizes cannot be kept ready")
        self.graph = graph
        self.devices = device_list(device, graph.context)
        self.state = state or State(graph, self.devices[0], seed)
        self.inputs, self.outputs = graph.inputs, graph.outputs
        self._options = {"inference": True, "no_updates": True, **options}
        self._plans = plans
        self._pools: "OrderedDict[Tuple[Tuple[str, int], ...], _Pool]" = OrderedDict()
        self._lock = threading.Lock()

    @property
    def device(self) -> Device:
        return self.devices[0]

    def run(self, inputs: Mapping[str, Array], outputs: Optional[Sequence[str]] = None) -> Dict[str, numpy.ndarray]:
        """Computes outputs (default: all) from inputs, both by name."""
        arrays = {name: one if isinstance(one, Tensor) else as_array(one) for name, one in inputs.items()}
        pool = self._pool(self._sizes(arrays))
        with self._lock:
            exec_ = pool.idle.pop() if pool.idle else None
        if exec_ is None:
            exec_ = Exec(pool.plan, self.state)
        try:
            return exec_.run(arrays, outputs)
        finally:
            with self._lock:
                pool.idle.append(exec_)

    def __call__(self, *inputs: Array, **named: Array) -> Any:
        """Computes all outputs from inputs in their order, or by name; gives one array, or a tuple of them."""
        if len(inputs) > len(self.inputs):
            raise InvalidError(f"{len(inputs)} inputs are given to a model of {len(self.inputs)}")
        given = {info.name: one for info, one in zip(self.inputs, inputs)}
        results = self.run({**given, **named})
        return next(iter(results.values())) if len(results) == 1 else tuple(results.values())

    def plan(self, **dims: int) -> Plan:
        """The plan for these sizes, as run() would make it."""
        return self._pool(tuple(sorted(dims.items()))).plan

    def save(self, path: PathLike) -> None:
        """Writes an ONNX model file with the present parameters."""
        self.graph.save(path, self.state)

    def close(self) -> None:
        """Lets plans and memory on the device go; they are made again when they are needed."""
        with self._lock:
            self._pools.clear()

    def __enter__(self) -> "Model":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<ocelli.Model {[one.name for one in self.inputs]} -> {[one.name for one in self.outputs]} on {self.devices}>"

    def _sizes(self, arrays: Mapping[str, Any]) -> Tuple[Tuple[str, int], ...]:
        """What symbols are, by the arrays' shapes."""
        known = {one.name: one for one in self.inputs}
        sizes: Dict[str, int] = {}
        for name, array in arrays.items():
            info = known.get(name)
            if info is None:
                raise InvalidError(f"the model has no input \"{name}\"; it has {', '.join(known)}")
            fits = len(info.shape) == len(array.shape)
            for wanted, size in zip(info.shape, array.shape):
                if isinstance(wanted, str):
                    wanted = sizes.setdefault(wanted, size)
                fits = fits and (isinstance(wanted, str) or wanted == size)
            if not fits:
                shape = ", ".join(f"{one} = {sizes[one]}" if one in sizes else str(one) for one in info.shape)
                raise ShapeError(f"the input \"{name}\" has shape ({shape}), the array {tuple(array.shape)}")
        for name in known:
            if name not in arrays:
                raise InvalidError(f"the input \"{name}\" is missing")
        return tuple(sorted(sizes.items()))

    def _pool(self, sizes: Tuple[Tuple[str, int], ...]) -> _Pool:
        with self._lock:
            pool = self._pools.get(sizes)
            if pool is None:
                pool = self._pools[sizes] = _Pool(Plan(self.graph, self.devices, dims=dict(sizes), **self._options))
                while len(self._pools) > self._plans:
                    self._pools.popitem(last=False)
            self._pools.move_to_end(sizes)
            return pool


def load(path: PathLike, device: Devices = None, *, given: Optional[Mapping[str, Array]] = None, context: Optional[Context] = None,
         **options: Any) -> Model:
    """Reads an ONNX model file and makes it ready to run.

    :param device: a Device, its name ("gpu", "cpu:1", "0:1", part of a name), or several devices; default: `$OCELLI_DEVICE`, else the
        fastest.
    :param given: contents of inputs that are known now, where shapes depend on them.
    :param options: passed on to Model and Plan."""
    if context is None and isinstance(device, Device):
        context = device.context
    return Model(Graph.load(path, given=given, context=context), device, **options)
