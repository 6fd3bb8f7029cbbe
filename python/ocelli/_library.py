# SPDX-License-Identifier: Apache-2.0
"""Finds and loads libocelli, calls its functions, and turns their failures into exceptions."""
from __future__ import annotations

import copy
import ctypes
import os
import weakref
from pathlib import Path
from typing import Any, Dict, List, Optional, Type, TypeVar

from . import _abi
from ._abi import Status
from ._version import SONAME, VERSION


class Error(Exception):
    """What a failed call raises: the library's sentence, with its status and the native error number (0: none)."""

    status: Status = Status.ERROR_INTERNAL

    def __init__(self, text: str, status: Optional[Status] = None, native: int = 0) -> None:
        super().__init__(text)
        self.status = type(self).status if status is None else status
        self.native = native


class InvalidError(Error, ValueError):
    """An argument, or a combination of arguments, is wrong."""
    status = Status.ERROR_INVALID


class ShapeError(Error, ValueError):
    """Shapes or types do not fit together."""
    status = Status.ERROR_SHAPE


class UnsupportedError(Error, NotImplementedError):
    """Valid, but not supported by this version or this device."""
    status = Status.ERROR_UNSUPPORTED


class HostMemoryError(Error, MemoryError):
    """Host memory is exhausted or its limit is reached."""
    status = Status.ERROR_MEMORY


class DeviceMemoryError(Error, MemoryError):
    """Device memory is exhausted or its limit is reached."""
    status = Status.ERROR_DEVICE_MEMORY


class NoDeviceError(Error, RuntimeError):
    """No OpenCL device fits the request; the text says what to install."""
    status = Status.ERROR_NO_DEVICE


class FileError(Error, OSError):
    """A file could not be read or written."""
    status = Status.ERROR_IO


class FormatError(Error, ValueError):
    """A file or text is malformed."""
    status = Status.ERROR_FORMAT


class NotFoundError(Error, LookupError):
    """A name is not known."""
    status = Status.ERROR_NOT_FOUND


CLASSES: Dict[int, Type[Error]] = {int(c.status): c for c in (InvalidError, ShapeError, UnsupportedError, HostMemoryError,
                                                              DeviceMemoryError, NoDeviceError, FileError, FormatError, NotFoundError)}


def error_of(status: int, text: str, native: int = 0) -> Error:
    """The exception for a status."""
    return CLASSES.get(status, Error)(text, Status(status), native)


def candidates() -> List[str]:
    """Where the library may be: $OCELLI_LIBRARY alone if it is set; in the wheel; where the system keeps libraries."""
    named = os.environ.get("OCELLI_LIBRARY")
    if named:
        return [named]
    here = Path(__file__).resolve().parent
    inside = sorted((here.parent / ".ocelli.mesonpy.libs").glob("libocelli*"), key=lambda path: len(path.name), reverse=True)
    return [str(path) for path in inside] + [SONAME]


def load() -> ctypes.CDLL:
    """Loads the library and declares its functions."""
    failures = []
    for name in candidates():
        try:
            library = ctypes.CDLL(name)
            break
        except OSError as reason:
            failures.append(str(reason))
    else:
        raise ImportError("libocelli was not found ($OCELLI_LIBRARY may name its file): " + "; ".join(failures))
    for name, (result, arguments) in _abi.FUNCTIONS.items():
        function = getattr(library, name, None)
        if function is None:
            raise ImportError(f"{library._name} has no {name}: it is of another version than this package, {VERSION}")
        function.restype, function.argtypes = result, arguments
    running = library.oc_version_text().decode()
    if running.split(".")[:2] != VERSION.split(".")[:2]:
        raise ImportError(f"{library._name} is version {running}, this package {VERSION}")
    return library


lib = load()


def call(name: str, *arguments: Any) -> None:
    """Calls a function that returns a status and takes an oc_error last; raises if it fails."""
    reason = _abi.oc_error()
    status = getattr(lib, name)(*arguments, ctypes.byref(reason))
    if status:
        raise error_of(status, reason.text.decode(errors="replace"), reason.native)


def _destroy(function: Any, pointer: ctypes.c_void_p, _: tuple) -> None:
    function(ctypes.byref(pointer))


class Owner:
    """Owns a C object, and keeps what it was made of until it is destroyed: so objects may be dropped in any order.

    The finalizer, not the owner, holds what is kept: the garbage collector may take owners of one cycle in any order, but what a
    finalizer that did not run yet holds is no garbage. At the end of the process nothing is destroyed."""

    __slots__ = ("pointer", "kept", "__weakref__")

    def __init__(self, pointer: ctypes.c_void_p, destroy: Optional[str], kept: tuple) -> None:
        self.pointer = pointer
        self.kept = None if destroy else kept
        if destroy:
            weakref.finalize(self, _destroy, getattr(lib, destroy), pointer, kept).atexit = False


_H = TypeVar("_H", bound="Handle")


class _Pointer(ctypes.c_void_p):
    """Keeps the object alive while it is an argument of a call."""
    owner: Owner


class Handle:
    """An object of the library. `with` and close() let it go early; what was made of it goes on."""

    __slots__ = ("_owner",)
    _owner: Optional[Owner]

    def _make(self, create: str, destroy: str, kept: tuple, *arguments: Any) -> None:
        pointer = ctypes.c_void_p()
        call(create, ctypes.byref(pointer), *arguments)
        self._owner = Owner(pointer, destroy, kept)

    @property
    def _own(self) -> Owner:
        owner = getattr(self, "_owner", None)
        if owner is None:
            raise InvalidError(f"this {type(self).__name__} was closed")
        return owner

    @property
    def pointer(self) -> ctypes.c_void_p:
        """The C object, for functions of `ocelli.lib`; it lives as long as this one."""
        pointer = _Pointer(self._own.pointer.value)
        pointer.owner = self._own
        return pointer

    def _another(self: _H) -> _H:
        """One more Python object for the same C object, which goes on when this one is closed."""
        self._own
        return copy.copy(self)

    def close(self) -> None:
        """Lets the object go; it cannot be used any more. Closing twice is no error."""
        self._owner = None

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def text_of(print_function: str, *arguments: Any) -> str:
    """What a print function of the library writes."""
    pieces: List[bytes] = []
    kind = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
    write = kind(lambda _, text, size: pieces.append(ctypes.string_at(text, size)))
    writer = _abi.oc_writer(ctypes.cast(write, type(_abi.oc_writer().write)), None)
    getattr(lib, print_function)(*arguments, ctypes.byref(writer))
    return b"".join(pieces).decode(errors="replace")
