# SPDX-License-Identifier: Apache-2.0
"""Operators of one's own: OpenCL C, with shape rule, definition and gradient in Python."""
from __future__ import annotations

import ctypes
import itertools
from types import SimpleNamespace
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, Union

import numpy

from . import _abi
from ._abi import Status
from ._convert import DTypeLike, dtype_name, dtype_number, dtype_of_number, shape_struct, shape_tuple
from ._graph import Graph, Value
from ._library import Error, Handle, InvalidError, Owner, ShapeError, lib
from ._objects import Context, default_context

FieldType = Union[str, Tuple[str, int]]
FIELDS = {"i64": ctypes.c_int64, "i32": ctypes.c_int32, "f32": ctypes.c_float, "bool": ctypes.c_bool}
CALLBACKS: Dict[str, Any] = {name: kind for name, kind in (*_abi.oc_custom_params._fields_, *_abi.oc_custom_kernel._fields_)
                             if name in ("shapes", "host", "gradient", "release", "launch")}

_alive: Dict[int, Any] = {}  # what callbacks need, by `user`, until the library has no use for it any more
_numbers = itertools.count(1)
_release = CALLBACKS["release"](lambda user: _alive.pop(user, None) and None)


class Size(int):
    """A size in a shape rule: a number, or, below 0, a symbol. Sums, products and windows of symbols are symbols."""

    _shapes: Any

    def _new(self, value: int) -> "Size":
        made = Size(value)
        made._shapes = self._shapes
        return made

    def __add__(self, other: int) -> "Size":
        return self._new(lib.oc_custom_dim_add(self._shapes, self, other))

    __radd__ = __add__

    def __mul__(self, other: int) -> "Size":
        return self._new(lib.oc_custom_dim_ratio(self._shapes, self, other, 1))

    __rmul__ = __mul__

    def __floordiv__(self, other: int) -> "Size":
        """Where numbers do not divide, a ShapeError."""
        made = lib.oc_custom_dim_ratio(self._shapes, self, 1, other) if other else -1
        if made < 0 <= self:
            raise ShapeError(f"{int(self)} cannot be divided by {int(other)}")
        return self._new(made)

    def window(self, kernel: int, *, stride: int = 1, dilation: int = 1, padding: int = 0) -> "Size":
        """The places of a window; padding: on both sides together."""
        return self._new(lib.oc_custom_dim_window(self._shapes, self, kernel, stride, dilation, padding))


def _tell(reason: Any, error: BaseException) -> int:
    """Writes an exception where the library finds it; its status."""
    known = {NotImplementedError: Status.ERROR_UNSUPPORTED, MemoryError: Status.ERROR_MEMORY}
    text = str(error) if isinstance(error, Error) else f"{type(error).__name__}: {error}"
    reason[0].text = text.encode()[:480]
    return int(error.status if isinstance(error, Error) else known.get(type(error), Status.ERROR_INVALID))


def _callback(name: str, function: Callable[..., None]) -> Any:
    def guarded(*arguments: Any) -> int:
        try:
            function(*arguments[:-1])
        except BaseException as error:  # pylint: disable=broad-except
            return _tell(arguments[-1], error)
        return 0
    return CALLBACKS[name](guarded)


def _array(pointer: Any, desc: _abi.oc_operand_desc) -> Optional[numpy.ndarray]:
    shape = shape_tuple(desc.shape)
    count = int(numpy.prod(shape, dtype=numpy.int64))
    if not pointer:
        return None
    return numpy.ctypeslib.as_array(pointer, (max(count, 1),))[:count].reshape(shape)


class CustomOp(Handle):
    """An operator of one's own: its kernel is OpenCL C, the rest is said in Python.

        swish = ocelli.CustomOp("org.example.swish", source, batched=True, host=lambda x, p: x / (1 + numpy.exp(-x)),
                                gradient=lambda g: g.diff_out[0] * ...)
        y = swish(x)                                        # a value of x's graph

    ocelli/custom.h says what kernels and their arguments are. Models that have a node of that domain and type are read with it.

    :param name: such as "org.example.swish", unique in its context.
    :param source: OpenCL C 1.2.
    :param kernel: the function's name. None: what is behind the last dot of the name.
    :param kernels: instead of source and kernel, several, the plainest last: mappings with source, kernel, args, types, passes, share,
        launch.
    :param inputs: operands, or (least, most). :param outputs: how many.
    :param params: its numbers by name: "f32", "i64", "i32", "bool", or ("f32", count) and ("i64", count) for arrays.
    :param shapes: f(inputs, params) of (type, sizes) for each operand (None: left out) gives such a pair for each output; it may
        change params. Sizes are `Size`s. None: the outputs are like operand 0.
    :param host: f(*arrays, params) gives the output or a tuple of them: NumPy arrays of float64. None: kernels are not checked.
    :param gradient: f(g), with g.graph, g.params, g.inputs, g.outputs, g.diff_out (None: none arrives), g.wanted, gives the gradient of
        operand 0, or a sequence of them. None: it has none.
    :param launch: f(launch, problem, device): changes launch (oc_custom_launch); problem has params, inputs, outputs, and the number of
        the pass; an exception is why it cannot be.
    :param batched: rows of a batch are independent. :param unbatched: else why not.
    :param exact: whole numbers give exact results. :param flops: an element of output 0."""

    __slots__ = ("name", "context", "_fields", "_struct", "_outputs")

    def __init__(self, name: str, source: Optional[str] = None, *, kernel: Optional[str] = None, args: Optional[str] = None,
                 types: Optional[str] = None, kernels: Optional[Sequence[Mapping[str, Any]]] = None,
                 inputs: Union[int, Tuple[int, int]] = 1, outputs: int = 1, params: Optional[Mapping[str, FieldType]] = None,
                 shapes: Optional[Callable[..., Any]] = None, host: Optional[Callable[..., Any]] = None,
                 gradient: Optional[Callable[..., Any]] = None, launch: Optional[Callable[..., None]] = None, batched: bool = False,
                 unbatched: Optional[str] = None, exact: bool = False, flops: float = 0, context: Optional[Context] = None) -> None:
        self.name, self._outputs = name, outputs
        self.context = (context or default_context())._another()
        self._fields: Dict[str, Tuple[str, int]] = {}
        for field, kind in (params or {}).items():
            self._fields[field] = (kind, 1) if isinstance(kind, str) else (kind[0], int(kind[1]))
            if self._fields[field][0] not in FIELDS:
                raise InvalidError(f"{name}: field {field} is neither i64, i32, f32 nor bool")
        members = [(field, FIELDS[kind] * count if count > 1 else FIELDS[kind]) for field, (kind, count) in self._fields.items()]
        self._struct = type("Params", (ctypes.Structure,), {"_fields_": members})
        if kernels is None:
            kernels = [{"source": source or "", "kernel": kernel or name.rpartition(".")[2], "args": args, "types": types, "launch": launch}]
        user = next(_numbers)
        given = self._describe(inputs, outputs, batched, unbatched, exact, flops)
        kept: List[Any] = []
        given.kernels, given.kernel_count = self._kernels(kernels, kept), len(kernels)
        for callback, function, wrapped in (("shapes", shapes, self._infer), ("host", host, self._define), ("gradient", gradient, self._derive)):
            if function is not None:
                kept.append(_callback(callback, wrapped(function)))
                setattr(given, callback, kept[-1])
        given.user, given.release = user, _release
        _alive[user] = kept
        try:
            self._make("oc_custom_create", "oc_custom_destroy", (self.context._own,), self.context.pointer, ctypes.byref(given))
        except Error:
            del _alive[user]
            raise

    def _describe(self, inputs: Any, outputs: int, batched: bool, unbatched: Optional[str], exact: bool, flops: float) -> Any:
        least, most = (inputs, inputs) if isinstance(inputs, int) else inputs
        fields = (_abi.oc_custom_field * max(len(self._fields), 1))()
        for field, (name, (kind, _)) in zip(fields, self._fields.items()):
            at = getattr(self._struct, name)
            field.name, field.dtype, field.offset, field.size = name.encode(), dtype_number(kind), at.offset, at.size
        return _abi.oc_custom_params(name=self.name.encode(), in_min=least, in_max=most, out_count=outputs,
                                     params_size=ctypes.sizeof(self._struct), fields=fields, field_count=len(self._fields),
                                     batched=batched, unbatched=None if unbatched is None else unbatched.encode(), exact=exact, flops=flops)

    def _kernels(self, kernels: Sequence[Mapping[str, Any]], kept: List[Any]) -> Any:
        made = (_abi.oc_custom_kernel * max(len(kernels), 1))()
        for one, spec in zip(made, kernels):
            unknown = set(spec) - {"source", "kernel", "args", "types", "passes", "share", "launch"}
            if unknown:
                raise InvalidError(f"{self.name}: a kernel has no {', '.join(sorted(unknown))}")
            for here, there in (("kernel", "name"), ("source", "source"), ("args", "args"), ("types", "types")):
                if spec.get(here) is not None:
                    setattr(one, there, spec[here].encode())
            one.passes, one.share = spec.get("passes", 0), spec.get("share", 0)
            if spec.get("launch") is not None:
                kept.append(_callback("launch", self._launch(spec["launch"], kept)))
                one.launch = kept[-1]
        return made

    def _view(self, pointer: Any) -> Any:
        """The params struct that a callback is given; one of nothing if there is none."""
        return ctypes.cast(pointer, ctypes.POINTER(self._struct))[0] if pointer else self._struct()

    def _infer(self, rule: Callable[..., Any]) -> Callable[..., None]:
        def infer(pointer: Any) -> None:
            shapes = pointer[0]

            def sizes(shape: _abi.oc_shape) -> Tuple[Size, ...]:
                made = tuple(Size(one) for one in shape_tuple(shape))
                for one in made:
                    one._shapes = pointer
                return made
            given = getattr(shapes, "in")
            operands = [(dtype_of_number(given[i].dtype), sizes(given[i].shape)) if given[i].dtype else None for i in range(shapes.in_count)]
            made = rule(operands, self._view(shapes.params))
            made = [made] if len(made) == 2 and not isinstance(made[0], (tuple, list)) else list(made)
            if len(made) != shapes.out_count:
                raise ShapeError(f"its shape rule gives {len(made)} outputs, not {shapes.out_count}")
            for i, (dtype, shape) in enumerate(made):
                shapes.out[i] = _abi.oc_operand_desc(dtype_number(dtype), shape_struct(shape))
        return infer

    def _define(self, definition: Callable[..., Any]) -> Callable[..., None]:
        def define(pointer: Any, given: Any, results: Any) -> None:
            problem = pointer[0]
            operands = getattr(problem, "in")
            made = definition(*(_array(given[i], operands[i]) for i in range(problem.in_count)), self._view(problem.params))
            made = made if isinstance(made, (tuple, list)) else (made,)
            if len(made) != problem.out_count:
                raise ShapeError(f"its definition gives {len(made)} outputs, not {problem.out_count}")
            for i, one in enumerate(made):
                to, array = _array(results[i], problem.out[i]), numpy.asarray(one)
                if to is not None and to.shape != array.shape:
                    raise ShapeError(f"its definition gives output {i} the shape {array.shape}, not {to.shape}")
                if to is not None:
                    to[...] = array
        return define

    def _derive(self, gradient: Callable[..., Any]) -> Callable[..., None]:
        def derive(pointer: Any) -> None:
            shown = pointer[0]
            graph = Graph._borrow(shown.graph, self.context)

            def values(array: Any, count: int) -> List[Optional[Value]]:
                return [Value(graph, array[i]) if array[i] else None for i in range(count)]
            g = SimpleNamespace(graph=graph, params=self._view(shown.params), inputs=values(getattr(shown, "in"), shown.in_count),
                                outputs=values(shown.out, shown.out_count), diff_out=values(shown.diff_out, shown.out_count),
                                wanted=[bool(shown.wanted[i]) for i in range(shown.in_count)])
            made = gradient(g)
            made = made if isinstance(made, (tuple, list)) else (made,)
            if len(made) > shown.in_count:
                raise ShapeError(f"it gives gradients for {len(made)} operands, not {shown.in_count}")
            for i, one in enumerate(made):
                shown.diff_in[i] = None if one is None else graph._operand(one, False).value
        return derive

    def _launch(self, function: Callable[..., None], kept: List[Any]) -> Callable[..., None]:
        names: Dict[bytes, Any] = {}
        kept.append(names)

        def launch(pointer: Any, problem: Any, device: Any) -> None:
            shown, operands = problem[0], getattr(problem[0], "in")

            def pairs(descs: Any, count: int) -> List[Any]:
                return [(dtype_of_number(descs[i].dtype), shape_tuple(descs[i].shape)) if descs[i].dtype else None for i in range(count)]
            changed = pointer[0]
            function(changed, SimpleNamespace(params=self._view(shown.params), inputs=pairs(operands, shown.in_count),
                                              outputs=pairs(shown.out, shown.out_count), number=getattr(changed, "pass")), device[0])
            for owner, field in [(changed, "kernel")] + [(one, "name") for one in changed.defines]:
                text = getattr(owner, field)
                if text is not None:  # needed as long as the operator
                    setattr(owner, field, ctypes.cast(names.setdefault(text, ctypes.create_string_buffer(text)), ctypes.c_char_p))
        return launch

    def __call__(self, *operands: Any, **params: Any) -> Any:
        """Adds a node to the graph of the first operand that is a value; a tuple of values if it has several outputs."""
        graph = next((one.graph for one in operands if isinstance(one, Value)), None)
        if graph is None:
            raise InvalidError(f"{self.name}: none of its operands is a value of a graph; see Graph.custom()")
        return graph.custom(self, *operands, **params)

    def _pack(self, params: Mapping[str, Any]) -> Any:
        packed = self._struct()
        for name, value in params.items():
            if name not in self._fields:
                raise InvalidError(f"{self.name} has no parameter {name}; it has {', '.join(self._fields) or 'none'}")
            count = self._fields[name][1]
            if count == 1:
                setattr(packed, name, value)
                continue
            listed = list(value)
            if len(listed) != count:
                raise InvalidError(f"{self.name}: {name} has {len(listed)} entries, not {count}")
            getattr(packed, name)[:] = listed
        return packed

    def __repr__(self) -> str:
        return f"<ocelli.CustomOp {self.name}{' closed' if self._owner is None else ''}>"
