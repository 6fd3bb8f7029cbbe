# SPDX-License-Identifier: Apache-2.0
"""Between Python's values and C's: element types, enums, params structs, arrays of numbers."""
from __future__ import annotations

import ctypes
import enum
import operator
from typing import Any, Dict, List, Sequence, Tuple, Type, Union

import numpy

from . import _abi
from ._library import InvalidError, ShapeError, lib

DTypeLike = Union[str, type, "numpy.dtype[Any]"]
ShapeLike = Sequence[Union[int, str]]

MAX_RANK = 8
NAMES = ("f32", "f16", "i32", "i64", "u8", "bool", "f64", "bf16", "i8", "i16", "u16", "u32", "u64")
NUMPY = {"f32": "float32", "f16": "float16", "i32": "int32", "i64": "int64", "u8": "uint8", "bool": "bool", "f64": "float64",
         "bf16": "uint16", "i8": "int8", "i16": "int16", "u16": "uint16", "u32": "uint32", "u64": "uint64"}
BY_NUMPY = {numpy.dtype(there): here for here, there in NUMPY.items() if here != "bf16"}


def dtype_name(dtype: DTypeLike) -> str:
    """"f32" of numpy.float32, "float32" or "f32"."""
    if isinstance(dtype, str) and dtype in NAMES:
        return dtype
    try:
        return BY_NUMPY[numpy.dtype(dtype)]
    except (KeyError, TypeError):
        raise InvalidError(f"{dtype!r} is no element type; there are {', '.join(NAMES)}, and NumPy's names for them") from None


def dtype_number(dtype: DTypeLike) -> int:
    return int(lib.oc_dtype_from_name(dtype_name(dtype).encode()))


def dtype_of_number(number: int) -> str:
    return lib.oc_dtype_name(number).decode()


def numpy_dtype(name: str) -> "numpy.dtype[Any]":
    """NumPy's type of the same size; bf16, which NumPy does not have, is given as its bits in uint16."""
    return numpy.dtype(NUMPY[name])


def enum_number(kind: Type[enum.IntEnum], value: Union[str, int]) -> int:
    """A member of an enum, or its name in any case."""
    if isinstance(value, str):
        try:
            return int(kind[value.upper()])
        except KeyError:
            raise InvalidError(f"\"{value}\" is none of {', '.join(one.name.lower() for one in kind)}") from None
    return int(value)


def whole(value: Any, kind: Any = ctypes.c_int64) -> int:
    """A whole number that C's type can hold; ctypes alone would silently drop the bits that are too many."""
    number = operator.index(value)
    if kind(number).value != number:
        raise InvalidError(f"{number} is beyond what {8 * ctypes.sizeof(kind)} bits hold")
    return number


def numbers(kind: Any, values: Any, counted: bool = False) -> Any:
    """A C array of numbers, with zeros behind them; with `counted` also how many there are."""
    if values is None:
        return None
    listed = [whole(one, kind) for one in values]
    array = (kind * max(MAX_RANK, len(listed)))(*listed)
    return (array, len(listed)) if counted else array


ENUM_FIELDS: Dict[str, Dict[str, Any]] = {
    "oc_pad_params": {"mode": _abi.PadMode}, "oc_nll_params": {"reduction": _abi.Reduction, "convention": _abi.Smoothing},
    "oc_index_params": {"kind": _abi.ScatterKind}, "oc_grid_params": {"mode": _abi.ResizeMode, "padding": _abi.GridPadding},
    "oc_resize_params": {"mode": _abi.ResizeMode, "coordinates": _abi.ResizeCoordinates, "rounding": _abi.ResizeRounding},
}


def make_params(struct: Any, **fields: Any) -> Any:
    """A pointer to a params struct with these fields; None, for its defaults, if all are None."""
    given = {name.rstrip("_"): value for name, value in fields.items() if value is not None}
    if not given:
        return None
    params = struct()
    kinds = {field[0]: field[1] for field in struct._fields_}
    for name, value in given.items():
        enums = ENUM_FIELDS.get(struct.__name__, {})
        if name in enums:
            value = enum_number(enums[name], value)
        length = getattr(kinds[name], "_length_", 0)
        if length:
            fill_array(params, name, value, length, kinds)
        else:
            set_field(params, name, value)
    return ctypes.byref(params)


def set_field(params: Any, name: str, value: Any) -> None:
    """One field of a params struct; whole numbers must fit in."""
    setattr(params, name, value)
    if isinstance(value, int) and isinstance(getattr(params, name), int) and getattr(params, name) != value:
        raise InvalidError(f"{name} cannot be {value}")


def fill_array(params: Any, name: str, value: Any, length: int, kinds: Dict[str, Any]) -> None:
    """An array field. One number for a field of up to three (spatial axes) stands for all; a field with a count beside it gets it."""
    counter = "axis_count" if name == "axes" else name + "_count"
    if not hasattr(value, "__len__"):
        value = [value] if counter in kinds else [value] * (length if length <= 3 else 1)
    if len(value) > length:
        raise ShapeError(f"{name} has {len(value)} entries, more than {length}")
    for i, one in enumerate(value):
        getattr(params, name)[i] = whole(one, kinds[name]._type_) if isinstance(one, int) else one
    if counter in kinds:
        setattr(params, counter, len(value))


class Outs:
    """Further results of an operator, given back behind the first one where they were asked for."""

    def __init__(self) -> None:
        self.wanted: List[ctypes.c_void_p] = []

    def want(self, wanted: bool) -> Any:
        if not wanted:
            return None
        self.wanted.append(ctypes.c_void_p())
        return ctypes.byref(self.wanted[-1])

    def result(self, graph: Any, first: Any) -> Any:
        if not self.wanted:
            return first
        return (first, *(graph._value(one.value) for one in self.wanted))


def shape_struct(shape: Sequence[int]) -> _abi.oc_shape:
    """A shape of numbers."""
    sizes = [whole(one) for one in shape]
    if len(sizes) > MAX_RANK:
        raise ShapeError(f"a shape has {len(sizes)} axes, more than {MAX_RANK}")
    return _abi.oc_shape(len(sizes), (ctypes.c_int64 * MAX_RANK)(*sizes))


def shape_tuple(shape: _abi.oc_shape) -> Tuple[int, ...]:
    return tuple(shape.dims[: shape.rank])
