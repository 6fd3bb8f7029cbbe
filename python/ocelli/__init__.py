# SPDX-License-Identifier: Apache-2.0
"""Ocelli: neural networks on whatever OpenCL devices a machine has.

    import ocelli
    model = ocelli.load("model.onnx")
    y = model(x)

Every function of the C library is in `ocelli.lib` too, declared for ctypes. docs/python.md says more."""
from ._abi import InitKind, LogLevel, LossKind, OptimizerKind, ScheduleKind, Status
from ._custom import CustomOp, Size
from ._graph import Graph, NetInfo, State, Value, ValueInfo, networks
from ._library import (DeviceMemoryError, Error, FileError, FormatError, HostMemoryError, InvalidError, NoDeviceError, NotFoundError,
                       ShapeError, UnsupportedError, lib)
from ._objects import Context, Device, DeviceInfo, Tensor, default_context, devices, from_dlpack
from ._run import Exec, Model, Plan, StepTime, load
from ._train import SGD, Adagrad, Adam, AdamW, Optimizer, Report, RMSprop, Schedule, Trainer
from ._version import VERSION as __version__

__all__ = ["SGD", "Adagrad", "Adam", "AdamW", "Context", "CustomOp", "Device", "DeviceInfo", "DeviceMemoryError", "Error", "Exec",
           "FileError", "FormatError", "Graph", "HostMemoryError", "InitKind", "InvalidError", "LogLevel", "LossKind", "Model",
           "NetInfo", "NoDeviceError", "NotFoundError", "Optimizer", "OptimizerKind", "Plan", "RMSprop", "Report", "Schedule",
           "ScheduleKind", "ShapeError", "Size", "State", "Status", "StepTime", "Tensor", "Trainer", "UnsupportedError", "Value",
           "ValueInfo", "__version__", "default_context", "devices", "from_dlpack", "lib", "load", "networks"]

for _name in __all__:
    if getattr(globals()[_name], "__module__", "").startswith("ocelli."):
        globals()[_name].__module__ = "ocelli"
