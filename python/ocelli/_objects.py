# SPDX-License-Identifier: Apache-2.0
"""Contexts, devices and tensors."""
from __future__ import annotations

import contextlib
import ctypes
import threading
import weakref
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple, Union

import numpy as np

from . import _abi
from ._abi import LogLevel
from ._convert import DTypeLike, dtype_number, dtype_of_number, enum_number, numpy_dtype, shape_struct, shape_tuple
from ._library import Handle, InvalidError, Owner, ShapeError, UnsupportedError, call, lib

Array = Any  # what NumPy makes an array of, or DLPack gives, or a Tensor


@dataclass(frozen=True)
class DeviceInfo:
    """A device and its limits; `id` can be used to open it."""
    id: str
    platform: str
    name: str
    version: str
    driver: str
    type: str
    compute_units: int
    clock_mhz: int
    address_bits: int
    address_align: int
    global_mem: int
    local_mem: int
    max_alloc: int
    max_work_group: int
    fp16: bool
    fp64: bool
    images: bool
    out_of_order: bool
    unified_memory: bool

    @classmethod
    def _of(cls, raw: _abi.oc_device_info) -> "DeviceInfo":
        values: Dict[str, Any] = {}
        for field in raw._fields_:
            value = getattr(raw, field[0])
            values[field[0]] = value.decode(errors="replace") if isinstance(value, bytes) else value
        values["type"] = lib.oc_device_type_name(raw.type).decode()
        return cls(**values)


def _bytes(text: Optional[str]) -> Optional[bytes]:
    return None if text is None else str(text).encode()


class Context(Handle):
    """Log, cache folder and limits, in which everything else is made. Any number of threads may use it.

    :param log: called with a level and a text for each message, by any thread that is in the library.
    :param log_level: the most talkative level wanted: "error", "warning", "info", "debug".
    :param cache_folder: where compiled programs are kept; "": nowhere. Default: `$OCELLI_CACHE`, else the user's cache folder.
    """

    __slots__ = ()

    def __init__(self, *, log: Optional[Callable[[LogLevel, str], None]] = None, log_level: Union[str, LogLevel] = "warning",
                 cache_folder: Optional[str] = None, cache_limit: int = 0, host_limit: int = 0, device_limit: int = 0,
                 mask: Optional[str] = None, kernels: Optional[str] = None, disable: Optional[str] = None) -> None:
        params = _abi.oc_context_params(cache_folder=_bytes(cache_folder), cache_limit=cache_limit, host_limit=host_limit,
                                        device_limit=device_limit, mask=_bytes(mask), kernels=_bytes(kernels), disable=_bytes(disable))
        kept: List[Any] = []
        if log is not None:
            kind = type(_abi.oc_log().print)
            told = log
            forward = kind(lambda _, level, text: told(LogLevel(level), text.decode(errors="replace")))
            params.log = ctypes.pointer(_abi.oc_log(enum_number(LogLevel, log_level), forward, None))
            kept.append(forward)
        self._make("oc_context_create", "oc_context_destroy", tuple(kept), ctypes.byref(params))

    def devices(self) -> List[DeviceInfo]:
        """All OpenCL devices there are. Raises NoDeviceError, saying what to install, if there is none."""
        count = ctypes.c_size_t()
        call("oc_device_list", self.pointer, None, 0, ctypes.byref(count))
        infos = (_abi.oc_device_info * count.value)()
        call("oc_device_list", self.pointer, infos, count.value, ctypes.byref(count))
        return [DeviceInfo._of(one) for one in infos[: count.value]]

    @property
    def cache_folder(self) -> str:
        return lib.oc_context_cache_folder(self.pointer).decode()


_default_lock = threading.Lock()
_default: Optional[Context] = None


def default_context() -> Context:
    """The context that is used where none is given; made when it is first needed."""
    global _default
    with _default_lock:
        if _default is None:
            _default = Context()
        return _default


def devices(context: Optional[Context] = None) -> List[DeviceInfo]:
    """All OpenCL devices there are. Raises NoDeviceError, saying what to install, if there is none."""
    return (context or default_context()).devices()


class Device(Handle):
    """An opened OpenCL device. Any number of threads may use it.

    :param selection: "gpu", "cpu:1", "0:1" (platform and device), part of a name; default: `$OCELLI_DEVICE`, else the fastest.
    """

    __slots__ = ("context",)

    def __init__(self, selection: Optional[str] = None, context: Optional[Context] = None) -> None:
        self.context = (context or default_context())._another()
        self._make("oc_device_create", "oc_device_destroy", (self.context._own,), self.context.pointer, _bytes(selection))

    @property
    def info(self) -> DeviceInfo:
        return DeviceInfo._of(lib.oc_device_get_info(self.pointer).contents)

    def __repr__(self) -> str:
        return f"<ocelli.Device {self.info.id} {self.info.name!r}>" if self._owner else "<ocelli.Device closed>"


DeviceLike = Union[Device, str, None]
_opened: "weakref.WeakKeyDictionary[Owner, weakref.WeakValueDictionary[str, Owner]]" = weakref.WeakKeyDictionary()
_opened_lock = threading.Lock()


def device_of(device: DeviceLike, context: Optional[Context] = None) -> Device:
    """The device itself, or the one that a text names: the same one each time, as long as something uses it."""
    if isinstance(device, Device):
        return device._another()
    context = context or default_context()
    with _opened_lock:
        known = _opened.setdefault(context._own, weakref.WeakValueDictionary())
        owner = known.get(device or "")
        if owner is None:
            made = Device(device, context)
            known[device or ""] = made._own
            return made
    made = Device.__new__(Device)
    made._owner, made.context = owner, context._another()
    return made


class _Memory:
    """What NumPy makes an array of; keeps the tensor's memory."""

    def __init__(self, owner: Owner, interface: Dict[str, Any]) -> None:
        self.owner, self.__array_interface__ = owner, interface


class Tensor(Handle):
    """An n-dimensional array in host memory or on a device, zeroed. May be read by several threads, or written by one.

    :param dtype: "f32", "i64", ..., or NumPy's names. bf16, which NumPy does not have, is given to it as bits in uint16.
    :param device: None: host memory.
    """

    __slots__ = ("device", "_fixed")

    def __init__(self, shape: Sequence[int], dtype: DTypeLike = "f32", device: Optional[Device] = None,
                 context: Optional[Context] = None) -> None:
        self.device = device._another() if device else None
        context = context or (device.context if device else default_context())
        kept = (context._own, device._own) if device else (context._own,)
        self._make("oc_tensor_create", "oc_tensor_destroy", kept, context.pointer, device.pointer if device else None,
                   dtype_number(dtype), ctypes.byref(shape_struct(shape)))

    @classmethod
    def wrap(cls, array: Array, context: Optional[Context] = None) -> "Tensor":
        """A host tensor over an array's own memory, without a copy if it is dense and row-major (else of a copy that is).
        Over an array that is read-only, the tensor is, too."""
        dense = np.asarray(as_array(array), order="C")
        tensor = cls.__new__(cls)
        tensor.device, tensor._fixed = None, not dense.flags.writeable
        context = context or default_context()
        tensor._make("oc_tensor_wrap", "oc_tensor_destroy", (context._own, dense), context.pointer, dtype_number(dense.dtype),
                     ctypes.byref(shape_struct(dense.shape)), ctypes.c_void_p(dense.ctypes.data))
        return tensor

    @property
    def shape(self) -> Tuple[int, ...]:
        return shape_tuple(lib.oc_tensor_get_shape(self.pointer).contents)

    @property
    def dtype(self) -> str:
        return dtype_of_number(lib.oc_tensor_get_dtype(self.pointer))

    @property
    def writable(self) -> bool:
        return not getattr(self, "_fixed", False)

    def writes(self) -> "Tensor":
        """Itself; raises if it is over memory that must not change."""
        if not self.writable:
            raise InvalidError("the tensor is over an array that is read-only")
        return self

    def numpy(self) -> np.ndarray:
        """Its elements: for host tensors the memory itself, for device tensors a copy."""
        kind, shape = numpy_dtype(self.dtype), self.shape
        if self.device is None and 0 not in shape:
            strides = lib.oc_tensor_get_strides(self.pointer)
            interface = {"version": 3, "shape": shape, "typestr": kind.str, "data": (lib.oc_tensor_get_data(self.pointer), not self.writable),
                         "strides": tuple(strides[i] * kind.itemsize for i in range(len(shape)))}
            return np.asarray(_Memory(self._own, interface))
        array = np.empty(shape, kind)
        call("oc_tensor_read", self.pointer, ctypes.c_void_p(array.ctypes.data), array.nbytes)
        return array

    @contextlib.contextmanager
    def map(self) -> Iterator[np.ndarray]:
        """Its elements as host memory in a `with` block, to be read and written, without a copy where host and device share memory.
        Nothing else may use the tensor meanwhile; the array is gone behind the block."""
        data, kind, shape = ctypes.c_void_p(), numpy_dtype(self.dtype), self.shape
        call("oc_tensor_map", self.writes().pointer, ctypes.byref(data))
        try:
            strides = lib.oc_tensor_get_strides(self.pointer)
            interface = {"version": 3, "shape": shape, "typestr": kind.str, "data": (data.value, False),
                         "strides": tuple(strides[i] * kind.itemsize for i in range(len(shape)))}
            yield np.asarray(_Memory(self._own, interface)) if data.value else np.empty(shape, kind)
        finally:
            call("oc_tensor_unmap", self.pointer)

    def write(self, array: Array) -> None:
        """Copies elements in; shape and type must be the tensor's, but for casts that NumPy calls "same_kind"."""
        dense = fit(as_array(array), self.dtype, "the array")
        if dense.shape != self.shape:
            raise ShapeError(f"an array of shape {dense.shape} was given to a tensor of shape {self.shape}")
        call("oc_tensor_write", self.writes().pointer, ctypes.c_void_p(dense.ctypes.data), dense.nbytes)

    def __array__(self, dtype: Any = None, copy: Optional[bool] = None) -> np.ndarray:
        array = self.numpy()
        if copy or (dtype is not None and array.dtype != dtype):
            return array.astype(array.dtype if dtype is None else dtype)
        return array

    def __dlpack_device__(self) -> Tuple[int, int]:
        if self.device is not None:
            raise UnsupportedError("a tensor on an OpenCL device is not given out by DLPack: numpy() copies it to the host")
        return (1, 0)

    def __dlpack__(self, **arguments: Any) -> Any:
        self.__dlpack_device__()
        if self.dtype == "bf16":
            raise UnsupportedError("a tensor of bf16 is not given out by DLPack, as NumPy does not have that type")
        return self.numpy().__dlpack__(**arguments)

    def __repr__(self) -> str:
        if self._owner is None:
            return "<ocelli.Tensor closed>"
        return f"<ocelli.Tensor {self.dtype} {self.shape} {'in host memory' if self.device is None else 'on ' + repr(self.device)}>"


def from_dlpack(array: Any, context: Optional[Context] = None) -> Tensor:
    """A host tensor over the memory of an array of another library (PyTorch, NumPy, ...), by DLPack, without a copy."""
    return Tensor.wrap(np.from_dlpack(array), context)


def as_array(array: Array) -> np.ndarray:
    """A NumPy array of whatever can be one."""
    if isinstance(array, Tensor):
        return array.numpy()
    if hasattr(array, "__dlpack__") and not hasattr(array, "__array__"):
        return np.from_dlpack(array)
    made = np.asarray(array)
    if made.dtype == object:
        raise InvalidError(f"{type(array).__name__} is not an array of numbers")
    return made


def fit(array: np.ndarray, dtype: str, what: str) -> np.ndarray:
    """The array as dense and row-major elements of a type, where NumPy's rule "same_kind" lets it be cast."""
    kind = numpy_dtype(dtype)
    if not np.can_cast(array.dtype, kind, "same_kind"):
        raise ShapeError(f"{what} has elements of {array.dtype}, where {kind} ({dtype}) is wanted: cast it")
    return np.asarray(array, dtype=kind, order="C")


