# SPDX-License-Identifier: Apache-2.0
"""Optimizers, schedules, and the trainer."""
from __future__ import annotations

import ctypes
from dataclasses import dataclass, fields
from typing import Any, Callable, Optional, Sequence, Union

import numpy

from . import _abi
from ._abi import LossKind, OptimizerKind, ScheduleKind
from ._convert import enum_number
from ._graph import Graph, PathLike, State, path_bytes
from ._library import Handle, call, lib
from ._objects import Array, Device, DeviceLike, Tensor, as_array, device_of
from ._run import Model


@dataclass
class Optimizer:
    """An update rule and its numbers; SGD, Adam, AdamW, Adagrad and RMSprop make the usual ones.

    With g the gradient plus weight_decay * w plus l1 * sign(w). Zeros in beta1, beta2 and epsilon stand for their defaults (0.9, 0.999,
    RMSprop 0.99; 1e-8, Adagrad 1e-10); zeros in clip_value and clip_norm for no clipping."""
    kind: Union[str, OptimizerKind]
    lr: float
    momentum: float = 0
    nesterov: bool = False
    weight_decay: float = 0
    beta1: float = 0
    beta2: float = 0
    epsilon: float = 0
    lr_decay: float = 0
    l1: float = 0
    clip_value: float = 0
    clip_norm: float = 0

    def struct(self) -> _abi.oc_optimizer:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        values["kind"] = enum_number(OptimizerKind, self.kind)
        return _abi.oc_optimizer(**values)


def SGD(lr: float, momentum: float = 0, nesterov: bool = False, **others: Any) -> Optimizer:
    """v = momentum * v + g; w -= lr * v (Nesterov: w -= lr * (g + momentum * v))."""
    return Optimizer("sgd", lr, momentum, nesterov, **others)


def Adam(lr: float = 1e-3, **others: Any) -> Optimizer:
    """Kingma and Ba 2015."""
    return Optimizer("adam", lr, **others)


def AdamW(lr: float = 1e-3, weight_decay: float = 1e-2, **others: Any) -> Optimizer:
    """Loshchilov and Hutter 2017."""
    return Optimizer("adamw", lr, weight_decay=weight_decay, **others)


def Adagrad(lr: float = 1e-2, **others: Any) -> Optimizer:
    """Duchi, Hazan and Singer 2011."""
    return Optimizer("adagrad", lr, **others)


def RMSprop(lr: float = 1e-2, momentum: float = 0, **others: Any) -> Optimizer:
    """Hinton 2012."""
    return Optimizer("rmsprop", lr, momentum, **others)


@dataclass
class Schedule:
    """How the learning rate changes: "constant", "step", "exponential", "cosine" or "polynomial" (train.h says how)."""
    kind: Union[str, ScheduleKind] = "constant"
    warmup: int = 0
    steps: int = 0
    factor: float = 0
    power: float = 0

    def struct(self) -> _abi.oc_schedule:
        return _abi.oc_schedule(enum_number(ScheduleKind, self.kind), self.warmup, self.steps, self.factor, self.power)

    def rate(self, lr: float, step: int) -> float:
        """The learning rate of a step, from 1."""
        return float(lib.oc_schedule_rate(ctypes.byref(self.struct()), lr, step))


@dataclass(frozen=True)
class Report:
    """What an epoch, or an evaluation, came to: means over its samples; accuracy is NaN where labels are no classes."""
    epoch: int
    step: int
    samples: int
    loss: float
    accuracy: float
    seconds: float
    repeated: int = 0

    @classmethod
    def _of(cls, raw: _abi.oc_train_report) -> "Report":
        return cls(**{field.name: getattr(raw, field.name) for field in fields(cls)})


class Trainer(Handle):
    """Trains a network: shuffled mini-batches, evaluation, checkpoints that resume to the bit. One thread at a time.

    :param network: a graph (or model) with one input, whose first axis is the batch; its first output are the logits. Copied; its
        random first values are made from `seed`.
    :param loss: "softmax_cross_entropy", "mse", "absolute", "huber", "binary_cross_entropy".
    :param batch: samples a step. :param accumulate: batches a step.
    :param devices: further devices that the batch is split over.
    :param shadow_steps: a copy of the state in host memory every so many steps: if the device that holds the state fails, training
        goes on from there on the others, or once more on the same; 0: none.
    :param sync_norm: with further devices, batch normalization by the statistics of the whole batch.
    :param wait_limit: with further devices, seconds after which one that does not come back is given up; 0: never.
    """

    __slots__ = ("device",)

    def __init__(self, network: Union[Graph, Model], device: DeviceLike = None, *, optimizer: Optional[Optimizer] = None,
                 loss: Union[str, LossKind] = "softmax_cross_entropy", schedule: Optional[Schedule] = None, batch: int = 64,
                 accumulate: int = 1, seed: int = 0, shuffle: bool = True, image_scale: float = 0,
                 devices: Sequence[Device] = (), shadow_steps: int = 0, sync_norm: bool = False, wait_limit: float = 0) -> None:
        graph = network.graph if isinstance(network, Model) else network
        self.device = network.device if isinstance(network, Model) and device is None else device_of(device, graph.context)
        others = (ctypes.c_void_p * len(devices))(*[one.pointer for one in devices])
        params = _abi.oc_trainer_params(optimizer=(optimizer or SGD(0.01)).struct(), schedule=(schedule or Schedule()).struct(),
                                        loss=enum_number(LossKind, loss), batch=batch, accumulate=accumulate, seed=seed,
                                        no_shuffle=not shuffle, image_scale=image_scale, devices=others, device_count=len(devices),
                                        shadow_steps=shadow_steps, sync_norm=sync_norm, wait_limit=wait_limit)
        kept = (self.device._own, *(one._own for one in devices))
        self._make("oc_trainer_create", "oc_trainer_destroy", kept, self.device.pointer, graph.pointer, ctypes.byref(params))
        if isinstance(network, Model):
            for name in network.state:
                self.state[name] = network.state[name]

    def _tensors(self, *arrays: Array) -> Sequence[Tensor]:
        return [one if isinstance(one, Tensor) else Tensor.wrap(_single(as_array(one)), self.device.context) for one in arrays]

    def step(self, images: Array, labels: Array) -> float:
        """One step on these samples; gives the mean loss before the update."""
        loss = ctypes.c_double()
        x, y = self._tensors(images, labels)
        call("oc_trainer_step", self.pointer, x.pointer, y.pointer, ctypes.byref(loss))
        return loss.value

    def epoch(self, images: Array, labels: Array, max_steps: int = 0,
              progress: Optional[Callable[[int, int, float], Optional[bool]]] = None) -> Report:
        """One epoch, or what is left of it.

        :param max_steps: stop after so many; 0: the whole epoch.
        :param progress: called after each step with its number, their number and the loss; False stops the epoch."""
        thrown = []

        def tell(_: Any, step: int, steps: int, loss: float) -> bool:
            try:
                return progress is None or progress(step, steps, loss) is not False
            except BaseException as reason:  # must not go through C: raised again behind the epoch
                thrown.append(reason)
                return False

        x, y = self._tensors(images, labels)
        report = _abi.oc_train_report()
        call("oc_trainer_epoch", self.pointer, x.pointer, y.pointer, max_steps, _abi.oc_progress(tell), None, ctypes.byref(report))
        if thrown:
            raise thrown[0]
        return Report._of(report)

    def evaluate(self, images: Array, labels: Array) -> Report:
        """Loss and accuracy without training."""
        x, y = self._tensors(images, labels)
        report = _abi.oc_train_report()
        call("oc_trainer_evaluate", self.pointer, x.pointer, y.pointer, ctypes.byref(report))
        return Report._of(report)

    def gradient(self, name: str) -> numpy.ndarray:
        """The gradient of a parameter in the last step."""
        info = self.state._find(name)
        tensor = Tensor(info.shape, info.dtype, context=self.device.context)  # type: ignore[arg-type]
        call("oc_trainer_read_gradient", self.pointer, name.encode(), tensor.pointer)
        return tensor.numpy()

    def set_optimizer(self, optimizer: Optimizer) -> None:
        """Changes the optimizer's numbers (not its kind) from the next step on."""
        call("oc_trainer_set_optimizer", self.pointer, ctypes.byref(optimizer.struct()))

    @property
    def state(self) -> State:
        """Parameters, and the optimizer's own states."""
        return State._borrow(lib.oc_trainer_get_state(self.pointer), self._own, self.device)

    def save(self, path: PathLike) -> None:
        """Writes a checkpoint."""
        call("oc_trainer_save", self.pointer, path_bytes(path))

    def resume(self, path: PathLike) -> None:
        """Goes on from a checkpoint, to the bit as if never stopped."""
        call("oc_trainer_resume", self.pointer, path_bytes(path))

    def save_model(self, path: PathLike) -> None:
        """Writes the network with its parameters as an ONNX model file."""
        call("oc_onnx_write", lib.oc_trainer_get_graph(self.pointer), lib.oc_trainer_get_state(self.pointer), path_bytes(path))


def _single(array: numpy.ndarray) -> numpy.ndarray:
    return array.astype(numpy.float32) if array.dtype == numpy.float64 else array
