"""A multi-task MLP as stacked matrices, and AdamW, both by hand in NumPy.

A trial of a planted set is some hundred steps of a tiny network. What a framework needs to call a
kernel would take most of its time; a matrix product a layer and direction takes a tenth of it.

B samples, T tasks, L layers with that of the heads, P all parameters
C columns of a layer: 1 where all tasks share it, T where each task has its own
I inputs of a layer, O its outputs, J = I + 1: with the constant 1 that the bias stands for
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_EVALUATION_BATCH = 1000


class StackedMLP:
    """Dense layers with ReLU, the first of them shared by all tasks, then a head of one output.

    Biases are the last row of each matrix. Products broadcast from one column to T.

    Args:
        widths: The inputs, the width of each hidden layer, and 1 for the heads.
        tasks: T.
        shared: Number of hidden layers that all tasks share.

    Attributes:
        parameters_P: All parameters; `layers` are views of it.
        gradient_P: Their gradient, written by `backward`.
        layers: The matrix (C, J, O) of each layer.
    """

    def __init__(self, widths: Sequence[int], tasks: int, shared: int) -> None:
        self.widths = tuple(widths)
        self.columns = [1 if layer < shared else tasks for layer in range(len(widths) - 1)]
        shapes = [
            (columns, inputs + 1, outputs)
            for columns, inputs, outputs in zip(
                self.columns, self.widths, self.widths[1:], strict=False
            )
        ]
        size = sum(math.prod(shape) for shape in shapes)
        self.parameters_P = np.zeros(size, np.float32)
        self.gradient_P = np.zeros(size, np.float32)
        self.layers = _views(self.parameters_P, shapes)
        self._gradients = _views(self.gradient_P, shapes)
        self._transposed = [layer[:, :-1].transpose(0, 2, 1) for layer in self.layers]
        self._buffers: dict[int, list[Floats]] = {}
        self._hidden: list[Floats] = []

    def initialise(self, rng: np.random.Generator) -> None:
        """Draw all parameters as `torch.nn.Linear` does: uniform, within 1 / √inputs."""
        for layer, inputs in zip(self.layers, self.widths, strict=False):
            layer[...] = rng.uniform(-1, 1, layer.shape) / math.sqrt(inputs)

    def forward(self, x_BJ: Floats) -> Floats:
        """Return the outputs (T, B), and keep the features for `backward`."""
        hidden = self._buffers_of(len(x_BJ))
        hidden[0] = x_BJ[None]
        for layer, features in enumerate(hidden[1:]):
            product_CBO = np.matmul(hidden[layer], self.layers[layer])
            np.maximum(product_CBO, 0, out=features[:, :, :-1])
        self._hidden = hidden
        outputs: Floats = np.matmul(hidden[-1], self.layers[-1])[:, :, 0]
        return outputs

    def backward(self, error_TB: Floats) -> None:
        """Write the gradient of a loss into `gradient_P`.

        Args:
            error_TB: The derivative of the loss by the outputs of the last `forward`.
        """
        error_CBO = error_TB[:, :, None]
        for layer in reversed(range(len(self.layers))):
            features = self._hidden[layer]
            np.matmul(features.transpose(0, 2, 1), error_CBO, out=self._gradients[layer])
            if layer == 0:
                return
            error_CBO = np.matmul(error_CBO, self._transposed[layer])
            if self.columns[layer - 1] < self.columns[layer]:
                error_CBO = error_CBO.sum(0, keepdims=True)
            error_CBO *= features[:, :, :-1] > 0

    def predict(self, x_NJ: Floats) -> Floats:
        """Return the outputs (T, N) for any number N of samples."""
        batches = [
            self.forward(x_NJ[begin : begin + _EVALUATION_BATCH])
            for begin in range(0, len(x_NJ), _EVALUATION_BATCH)
        ]
        return np.concatenate(batches, axis=1)

    def _buffers_of(self, samples: int) -> list[Floats]:
        """Return room for the features that enter each layer; their last column stays 1."""
        if samples not in self._buffers:
            room = [
                np.ones((columns, samples, width + 1), np.float32)
                for columns, width in zip(self.columns, self.widths[1:-1], strict=False)
            ]
            self._buffers[samples] = [np.empty((1, 0, 0), np.float32), *room]
        return self._buffers[samples]


class AdamW:
    """AdamW with decoupled weight decay, by the formulas of `torch.optim.AdamW`.

    Source: Loshchilov and Hutter 2019, "Decoupled weight decay regularization".

    Args:
        network: The network whose parameters it changes.
        lr: The learning rate.
        weight_decay: The factor of the decay.
        betas: Decay of the first and the second moment.
        eps: The least denominator.
    """

    def __init__(
        self,
        network: StackedMLP,
        lr: float,
        *,
        weight_decay: float = 0.01,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        self._parameters_P = network.parameters_P
        self._gradient_P = network.gradient_P
        self._first_P = np.zeros_like(network.parameters_P)
        self._second_P = np.zeros_like(network.parameters_P)
        self._scratch_P = np.zeros_like(network.parameters_P)
        self._settings = (lr, weight_decay, *betas, eps)
        self._steps = 0

    def step(self) -> None:
        """Change the parameters by the gradient that the network holds."""
        lr, weight_decay, beta1, beta2, eps = self._settings
        self._steps += 1
        scratch_P = self._scratch_P
        self._parameters_P *= np.float32(1 - lr * weight_decay)
        self._first_P *= np.float32(beta1)
        self._first_P += np.multiply(self._gradient_P, np.float32(1 - beta1), out=scratch_P)
        self._second_P *= np.float32(beta2)
        np.multiply(self._gradient_P, self._gradient_P, out=scratch_P)
        scratch_P *= np.float32(1 - beta2)
        self._second_P += scratch_P
        np.sqrt(self._second_P, out=scratch_P)
        scratch_P /= np.float32(math.sqrt(1 - beta2**self._steps))
        scratch_P += np.float32(eps)
        np.divide(self._first_P, scratch_P, out=scratch_P)
        scratch_P *= np.float32(lr / (1 - beta1**self._steps))
        self._parameters_P -= scratch_P


def _views(flat_P: Floats, shapes: Sequence[tuple[int, int, int]]) -> list[Floats]:
    views = []
    begin = 0
    for shape in shapes:
        size = math.prod(shape)
        views.append(flat_P[begin : begin + size].reshape(shape))
        begin += size
    return views
