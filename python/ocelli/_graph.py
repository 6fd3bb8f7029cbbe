# SPDX-License-Identifier: Apache-2.0
"""Graphs, their values, and the states that they keep."""
from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple, Union

import numpy

from . import _abi
from ._abi import InitKind
from ._convert import DTypeLike, ShapeLike, dtype_number, dtype_of_number, enum_number, shape_struct, shape_tuple
from ._library import Handle, InvalidError, NotFoundError, Owner, ShapeError, call, error_of, lib, text_of
from ._objects import Array, Context, Device, DeviceLike, Tensor, as_array, default_context, device_of, fit
from ._ops import Operators

if TYPE_CHECKING:
    from ._custom import CustomOp

PathLike = Union[str, "os.PathLike[str]"]


def path_bytes(path: PathLike) -> bytes:
    text = os.fsencode(path)
    if b"\0" in text:
        raise InvalidError(f"the path {path!r} has a null character in it")
    return text


@dataclass(frozen=True)
class ValueInfo:
    """What is known of an input, output or state. Sizes are numbers, or texts: symbols such as "N" that a plan binds."""
    name: str
    dtype: str
    shape: Tuple[Union[int, str], ...]
    trainable: bool = False


class Value:
    """Something a graph computes or is given. Arithmetic on it adds nodes: `x * 2 + y`, `x @ w`, `-x`, `x / y`, `x ** 2`."""

    __slots__ = ("graph", "_pointer")
    __array_ufunc__ = None  # so that NumPy leaves `array * value` to us

    def __init__(self, graph: "Graph", pointer: int) -> None:
        self.graph, self._pointer = graph, ctypes.c_void_p(pointer)

    @property
    def info(self) -> ValueInfo:
        return self.graph._info(lib.oc_value_get_info(self._pointer))

    @property
    def dtype(self) -> str:
        return self.info.dtype

    @property
    def shape(self) -> Tuple[Union[int, str], ...]:
        return self.info.shape

    def named(self, name: str) -> "Value":
        """Gives it a name, for reports."""
        lib.oc_value_set_name(self._pointer, name.encode())
        return self

    def _with(self, function: str, other: Any, turned: bool = False) -> "Value":
        if isinstance(other, (bool, int, float)):
            other = self.graph.scalar(other, self.dtype)
        a, b = (other, self) if turned else (self, other)
        return getattr(self.graph, function)(a, b)

    def __add__(self, other: "Operand") -> "Value":
        return self._with("add", other)

    def __radd__(self, other: "Operand") -> "Value":
        return self._with("add", other, True)

    def __sub__(self, other: "Operand") -> "Value":
        return self._with("sub", other)

    def __rsub__(self, other: "Operand") -> "Value":
        return self._with("sub", other, True)

    def __mul__(self, other: "Operand") -> "Value":
        return self._with("mul", other)

    def __rmul__(self, other: "Operand") -> "Value":
        return self._with("mul", other, True)

    def __truediv__(self, other: "Operand") -> "Value":
        return self._with("div", other)

    def __rtruediv__(self, other: "Operand") -> "Value":
        return self._with("div", other, True)

    def __pow__(self, other: "Operand") -> "Value":
        return self._with("pow", other)

    def __matmul__(self, other: "Operand") -> "Value":
        return self.graph.matmul(self, other)

    def __neg__(self) -> "Value":
        return self.graph.neg(self)

    def __repr__(self) -> str:
        info = self.info
        return f"<ocelli.Value {info.name or 'unnamed'} {info.dtype} {info.shape}>"


Operand = Union[Value, float, Array]


class Graph(Operators, Handle):
    """A network: values, and the nodes that make values from values. Each operator of the library is a method.

    Where an operator takes a value, a number (as f32) or a NumPy array may be given too: a constant. One thread at a time; a
    finished graph may be read by several."""

    __slots__ = ("context", "_symbols")

    def __init__(self, context: Optional[Context] = None) -> None:
        self.context = (context or default_context())._another()
        self._symbols: Dict[int, str] = {}
        self._make("oc_graph_create", "oc_graph_destroy", (self.context._own,), self.context.pointer)

    @classmethod
    def load(cls, path: PathLike, *, given: Optional[Mapping[str, Array]] = None, context: Optional[Context] = None) -> "Graph":
        """Reads an ONNX model file.

        :param given: contents of inputs that are known now, where shapes depend on them."""
        return cls._read(context, "oc_onnx_read_given", path_bytes(path), given=dict(given or {}))

    @classmethod
    def loads(cls, data: bytes, *, folder: Optional[PathLike] = None, context: Optional[Context] = None) -> "Graph":
        """Reads an ONNX model from memory. :param folder: where its external data lies; None: refuse it."""
        return cls._read(context, "oc_onnx_read_memory", data, len(data), None if folder is None else path_bytes(folder))

    @classmethod
    def _read(cls, context: Optional[Context], function: str, *arguments: Any, given: Optional[Dict[str, Array]] = None) -> "Graph":
        graph = cls.__new__(cls)
        graph.context = (context or default_context())._another()
        graph._symbols = {}
        if given is not None:
            tensors = [Tensor.wrap(one, graph.context) for one in given.values()]
            known = [_abi.oc_onnx_given(name.encode(), tensor.pointer) for name, tensor in zip(given, tensors)]
            arguments += ((_abi.oc_onnx_given * len(known))(*known), len(known))
        graph._make(function, "oc_graph_destroy", (graph.context._own,), graph.context.pointer, *arguments)
        return graph

    @classmethod
    def _borrow(cls, pointer: int, context: Context) -> "Graph":
        """A graph that a callback is shown."""
        graph = cls.__new__(cls)
        graph.context, graph._symbols, graph._owner = context, {}, Owner(ctypes.c_void_p(pointer), None, ())
        return graph

    def custom(self, op: "CustomOp", *operands: Optional["Operand"], **params: Any) -> Any:
        """Adds a node of an operator of one's own; a tuple of values if it has several outputs. Operands that are left out are None."""
        pointers = [self._operand(one, True) for one in operands]
        packed, made = op._pack(params), (ctypes.c_void_p * op._outputs)()
        first = self._add("oc_graph_custom", op.pointer, ctypes.byref(packed), ctypes.sizeof(packed),
                          (ctypes.c_void_p * max(len(pointers), 1))(*pointers), len(pointers), made)
        return first if op._outputs == 1 else tuple(self._value(one or 0) for one in made)

    def save(self, path: PathLike, state: Optional["State"] = None) -> None:
        """Writes an ONNX model file. :param state: where parameters are taken from; None: first values that are given numbers."""
        call("oc_onnx_write", self.pointer, state.pointer if state else None, path_bytes(path))

    def symbol(self, name: str) -> int:
        """The size of that name; in shapes the name alone does as well."""
        number = lib.oc_graph_symbol(self.pointer, name.encode())
        self._symbols[number] = name
        return number

    def input(self, name: str, dtype: DTypeLike, shape: ShapeLike) -> Value:
        """Adds an input, given anew for each run. Sizes may be names, which stand for any number: ("N", 3, 224, 224)."""
        return self._add("oc_graph_input", name.encode(), dtype_number(dtype), self._shape(shape))

    def constant(self, array: Array, name: Optional[str] = None) -> Value:
        """Adds a constant."""
        tensor = Tensor.wrap(array, self.context)
        return self._add("oc_graph_constant", None if name is None else name.encode(), tensor.pointer)

    def scalar(self, value: float, dtype: DTypeLike = "f32") -> Value:
        """Adds a constant scalar."""
        return self._add("oc_graph_scalar", dtype_number(dtype), float(value))

    def state(self, name: str, shape: ShapeLike, dtype: DTypeLike = "f32", *, init: Union[str, InitKind] = "constant", value: float = 0,
              scale: float = 0, fan_in: int = 0, fan_out: int = 0, transposed: bool = False, frozen: bool = False) -> Value:
        """Adds a state, such as a parameter.

        :param init: how it begins: "constant", "uniform", "normal", "xavier", "xavier_normal", "he", "he_uniform", "fan_in".
        :param value: the constant, or the mean. :param scale: 0: 1.
        :param frozen: training leaves it alone."""
        begin = _abi.oc_init(enum_number(InitKind, init), value, scale, fan_in, fan_out, transposed, frozen)
        return self._add("oc_graph_state", name.encode(), dtype_number(dtype), self._shape(shape), ctypes.byref(begin))

    def state_array(self, name: str, array: Array, *, frozen: bool = False) -> Value:
        """Adds a state that begins as an array."""
        return self._add("oc_graph_state_tensor", name.encode(), Tensor.wrap(array, self.context).pointer, frozen)

    def output(self, name: str, value: Value) -> None:
        """Names a value that a run gives out."""
        call("oc_graph_output", self.pointer, name.encode(), self._operand(value, False))

    def update(self, state: Value, value: Operand) -> None:
        """Says that at the end of a run a state is replaced by a value."""
        call("oc_graph_update", self.pointer, self._operand(state, False), self._operand(value, False))

    def gradients(self, loss: Value, wrt: Sequence[Value]) -> List[Value]:
        """Adds the gradients of a value with respect to others."""
        array, count = self._values(wrt)
        made = (ctypes.c_void_p * count)()
        call("oc_graph_gradients", self.pointer, self._operand(loss, False), array, count, made)
        return [self._value(one or 0) for one in made]

    def minimize(self, loss: Value, optimizer: Any) -> None:
        """Adds what a training step needs: gradients of all trainable states, and their updates (see Exec.train())."""
        call("oc_minimize", self.pointer, self._operand(loss, False), ctypes.byref(optimizer.struct()), None)

    def freeze(self, pattern: str) -> int:
        """Makes states frozen whose names fit a pattern with * and ?; says how many there are."""
        return int(lib.oc_graph_freeze(self.pointer, pattern.encode()))

    def find(self, name: str) -> Value:
        """The input, state or output of that name."""
        found = lib.oc_graph_find(self.pointer, name.encode())
        if not found:
            raise NotFoundError(f"the graph has no input, state or output named \"{name}\"")
        return self._value(found)

    @property
    def inputs(self) -> List[ValueInfo]:
        return self._infos("input")

    @property
    def outputs(self) -> List[ValueInfo]:
        return self._infos("output")

    @property
    def states(self) -> List[ValueInfo]:
        return self._infos("state")

    @property
    def metadata(self) -> Dict[str, str]:
        """Texts that are kept with the model."""
        found: Dict[str, str] = {}
        while True:
            key = lib.oc_graph_metadata_key(self.pointer, len(found))
            if key is None:
                return found
            found[key.decode()] = lib.oc_graph_get_metadata(self.pointer, key).decode(errors="replace")

    def __str__(self) -> str:
        return text_of("oc_graph_print", self.pointer)

    def __repr__(self) -> str:
        if self._owner is None:
            return "<ocelli.Graph closed>"
        return f"<ocelli.Graph {[one.name for one in self.inputs]} -> {[one.name for one in self.outputs]}>"

    def _infos(self, kind: str) -> List[ValueInfo]:
        count = getattr(lib, f"oc_graph_{kind}_count")(self.pointer)
        return [self._info(getattr(lib, f"oc_graph_get_{kind}")(self.pointer, i)) for i in range(count)]

    def _info(self, raw: _abi.oc_value_info) -> ValueInfo:
        sizes = [one if one >= 0 else lib.oc_graph_dim_text(self.pointer, one).decode() for one in shape_tuple(raw.shape)]
        return ValueInfo((raw.name or b"").decode(), dtype_of_number(raw.dtype), tuple(sizes), raw.trainable)

    def _shape(self, shape: ShapeLike) -> Any:
        return ctypes.byref(shape_struct([self.symbol(one) if isinstance(one, str) else one for one in shape]))

    def _value(self, pointer: int) -> Value:
        return Value(self, pointer)

    def _operand(self, value: Any, optional: bool) -> Optional[ctypes.c_void_p]:
        if value is None and optional:
            return None
        if value is None:
            raise InvalidError("an operand is None")
        if isinstance(value, Value):
            if value.graph is not self:
                raise InvalidError("an operand is a value of another graph")
            return value._pointer
        if isinstance(value, (bool, int, float)):
            return self.scalar(value)._pointer
        return self.constant(value)._pointer

    def _values(self, values: Sequence[Any]) -> Tuple[Any, int]:
        pointers = [self._operand(one, False) for one in values]
        return (ctypes.c_void_p * len(pointers))(*pointers), len(pointers)

    def _add(self, function: str, *arguments: Any) -> Value:
        reason = _abi.oc_error()
        made = getattr(lib, function)(self.pointer, *arguments, ctypes.byref(reason))
        if not made and not reason.status:
            call("oc_graph_check", self.pointer)
        if not made:
            raise error_of(reason.status, reason.text.decode(errors="replace"), reason.native)
        return Value(self, made)


@dataclass(frozen=True)
class NetInfo:
    """A known network: its name for Graph.net_build(), where it comes from, one sample's shape, and what comes out."""
    name: str
    title: str
    source: str
    input: Tuple[int, ...]
    outputs: int
    parameters: int


def networks() -> List[NetInfo]:
    """The known networks."""
    found: List[NetInfo] = []
    while True:
        raw = lib.oc_net_get_info(len(found))
        if raw.name is None:
            return found
        texts = (raw.name.decode(), raw.title.decode(), raw.source.decode())
        found.append(NetInfo(*texts, shape_tuple(raw.input), raw.outputs, raw.parameters))


class State(Handle):
    """What a network remembers, on a device: parameters, running statistics, moments. `state["fc1.weight"]` reads one into a NumPy
    array, `state["fc1.weight"] = array` writes it."""

    __slots__ = ("device", "_context")

    def __init__(self, graph: Graph, device: DeviceLike = None, seed: int = 0) -> None:
        self.device = device_of(device, graph.context)
        self._context = graph.context
        self._make("oc_state_create", "oc_state_destroy", (self.device._own,), self.device.pointer, graph.pointer, seed)

    @classmethod
    def _borrow(cls, pointer: int, owner: Any, device: Device) -> "State":
        """A state that another object owns, and that is kept alive by this one."""
        state = cls.__new__(cls)
        state.device, state._context = device, device.context
        state._owner = Owner(ctypes.c_void_p(pointer), None, (owner,))
        return state

    @property
    def infos(self) -> List[ValueInfo]:
        count = lib.oc_state_count(self.pointer)
        raws = [lib.oc_state_get_info(self.pointer, i) for i in range(count)]
        return [ValueInfo(raw.name.decode(), dtype_of_number(raw.dtype), shape_tuple(raw.shape), raw.trainable) for raw in raws]

    def _find(self, name: str) -> ValueInfo:
        index = lib.oc_state_find(self.pointer, name.encode())
        if index < 0:
            raise NotFoundError(f"there is no state named \"{name}\"")
        raw = lib.oc_state_get_info(self.pointer, index)
        return ValueInfo(name, dtype_of_number(raw.dtype), shape_tuple(raw.shape), raw.trainable)

    def __getitem__(self, name: str) -> numpy.ndarray:
        info = self._find(name)
        tensor = Tensor(info.shape, info.dtype, context=self._context)  # type: ignore[arg-type]
        call("oc_state_read", self.pointer, name.encode(), tensor.pointer)
        return tensor.numpy()

    def __setitem__(self, name: str, array: Array) -> None:
        info = self._find(name)
        dense = fit(as_array(array), info.dtype, f"the array for \"{name}\"")
        if dense.shape != info.shape:
            raise ShapeError(f"the state \"{name}\" has shape {info.shape}, the array {dense.shape}")
        tensor = Tensor(info.shape, info.dtype, context=self._context)  # type: ignore[arg-type]
        tensor.write(dense)
        call("oc_state_write", self.pointer, name.encode(), tensor.pointer)

    def __iter__(self) -> Iterator[str]:
        return iter([one.name for one in self.infos])

    def __len__(self) -> int:
        return int(lib.oc_state_count(self.pointer))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and lib.oc_state_find(self.pointer, name.encode()) >= 0

    def extend(self, graph: Graph, seed: int = 0) -> None:
        """Adds the states of another graph that are not there yet."""
        call("oc_state_extend", self.pointer, graph.pointer, seed)

    def save(self, path: PathLike, note: str = "") -> None:
        """Writes all states, and a text, into one file."""
        call("oc_state_save", self.pointer, path_bytes(path), note.encode())

    def restore(self, path: PathLike) -> str:
        """Restores all states from such a file, or changes nothing; gives the text back."""
        note = ctypes.create_string_buffer(1 << 16)
        call("oc_state_restore", self.pointer, path_bytes(path), note, len(note))
        return note.value.decode(errors="replace")
