"""Recurrent network over tokens: one stage for each LSTM layer.

B samples, T tokens, L the most real tokens of a sample, W width of the tokens, U hidden units of a
direction
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from mtl_search.config.checks import check_int, check_number
from mtl_search.errors import ConfigError
from mtl_search.models.backbones.mlp import PATH
from mtl_search.models.backbones.stages import MaskedStage
from mtl_search.models.stage import Stage
from mtl_search.models.tokens import compact_tokens, gather_tokens


def bilstm(
    input_shape: tuple[int, ...],
    *,
    hidden: int = 128,
    layers: int = 1,
    bidirectional: bool = True,
    dropout: float = 0.0,
    vocabulary: int | None = None,
    embedding: int = 100,
    indices: int = 0,
    index_values: int | None = None,
    index_width: int = 8,
) -> list[Stage]:
    """Build LSTM layers over tokens (Hochreiter & Schmidhuber 1997), by default in both directions.

    A token is a vector, or, with `vocabulary`, a number. The view may hold whole numbers next to
    it, such as its positions relative to two entities (Zeng et al. 2014, "Relation classification
    via convolutional deep neural network"). These are the last `indices` columns of the view; each
    column is embedded in a table of its own and appended to the token.

    Only real tokens are read, wherever they stand: a sentence with padding gives the features that
    it gives without, and zeros at the padding.

    Args:
        input_shape: (T, W + indices) for vectors; with `vocabulary` (T,) for numbers of tokens, or
            (T, 1 + indices).
        hidden: Units of a direction; a stage is twice as wide if it goes in both.
        layers: Number of layers; there are as many stages.
        bidirectional: Whether the sentence is read backwards, too.
        dropout: Share of features set to zero in training, after each layer.
        vocabulary: Numbers of tokens are 0 .. vocabulary - 1, and their vectors are learned.
        embedding: Width of these vectors.
        indices: Number of columns of the view that hold whole numbers; they are the last ones.
        index_values: Such a number is 0 .. index_values - 1; lower and higher ones count as the
            nearest of these.
        index_width: Width of the vector of such a number.

    Returns:
        Stages from (B, T, ...) to (B, T, hidden), or (B, T, 2 · hidden) in both directions.

    Raises:
        ConfigError: An argument is out of range, or the view holds no tokens.

    Examples:
        >>> from mtl_search.models.backbones.bilstm import bilstm
        >>> [stage.label for stage in bilstm((40, 300), hidden=64, layers=2)]
        ['bilstm 128', 'bilstm 128']
    """
    units = check_int(hidden, f"{PATH}.hidden")
    depth = check_int(layers, f"{PATH}.layers")
    rate = check_number(dropout, f"{PATH}.dropout", high=1.0, exclude_high=True)
    if not isinstance(bidirectional, bool):
        raise ConfigError("not true or false", path=f"{PATH}.bidirectional", value=bidirectional)
    first = _Inputs(
        _token_width(input_shape, indices, vocabulary),
        vocabulary=None if vocabulary is None else check_int(vocabulary, f"{PATH}.vocabulary"),
        embedding=check_int(embedding, f"{PATH}.embedding"),
        indices=check_int(indices, f"{PATH}.indices", low=0),
        index_values=check_int(index_values, f"{PATH}.index_values") if indices else 1,
        index_width=check_int(index_width, f"{PATH}.index_width"),
    )
    width = units
    label = f"lstm {units}"
    if bidirectional:
        width = 2 * units
        label = f"bilstm {width}"
    layer = _Layer(first.width, units, bidirectional, rate, first)
    stages: list[Stage] = [MaskedStage(layer, width, label, "tokens")]
    for _ in range(depth - 1):
        layer = _Layer(width, units, bidirectional, rate, None)
        stages.append(MaskedStage(layer, width, label, "tokens"))
    return stages


bilstm.reads_integers = "vocabulary"  # type: ignore[attr-defined]


class _Inputs(nn.Module):
    """Vectors (B, T, width) of a view: tokens, embedded if they are numbers, and their indices."""

    def __init__(
        self,
        tokens: int,
        *,
        vocabulary: int | None,
        embedding: int,
        indices: int,
        index_values: int,
        index_width: int,
    ) -> None:
        super().__init__()
        self.indices = indices
        self.table: nn.Embedding | None = None
        token_width = tokens
        if vocabulary is not None:
            self.table = nn.Embedding(vocabulary, embedding)
            token_width = embedding
        self.index_tables = nn.ModuleList(
            nn.Embedding(index_values, index_width) for _ in range(indices)
        )
        self.width = token_width + indices * index_width

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        if mask is not None:
            # Padding may hold anything, such as -1 or NaN, which no table and no layer takes.
            x = x.masked_fill(~mask.view(*mask.shape, *[1] * (x.ndim - 2)), 0)
        if x.ndim == 2:
            x = x.unsqueeze(2)
        columns = x.shape[2] - self.indices
        tokens = x[..., :columns]
        numbers = x[..., columns:].long()
        parts = [tokens.float() if self.table is None else self.table(tokens.squeeze(2).long())]
        for i, table in enumerate(self.index_tables):
            assert isinstance(table, nn.Embedding)
            parts.append(table(numbers[..., i].clamp(0, table.num_embeddings - 1)))
        return torch.cat(parts, 2) if len(parts) > 1 else parts[0]


class _Layer(nn.Module):
    """One LSTM layer, after the embedding of the inputs if it is the first, and before dropout."""

    def __init__(
        self, width: int, units: int, bidirectional: bool, dropout: float, inputs: _Inputs | None
    ) -> None:
        super().__init__()
        self.inputs = inputs
        self.lstm = nn.LSTM(width, units, batch_first=True, bidirectional=bidirectional)
        self.dropout = nn.Dropout(dropout) if dropout else None

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        if self.inputs is not None:
            x = self.inputs(x, mask)
        y: Tensor
        if mask is None:
            y, _ = self.lstm(x)
        else:
            y = self._run_masked(x, mask)
        if self.dropout is not None:
            y = self.dropout(y)
        return y

    def _run_masked(self, x: Tensor, mask: Tensor) -> Tensor:
        """Run the layer over the real tokens only: move them to the front, and back afterwards."""
        if torch.compiler.is_exporting():
            return self._run_exported(x, mask)
        order, real = compact_tokens(mask)  # (B, L)
        # torch packs no sentence of length 0, so one without a real token keeps a made-up one; its
        # output is set to 0 below.
        lengths = real.sum(1).clamp(min=1).cpu()
        packed = pack_padded_sequence(
            gather_tokens(x, order), lengths, batch_first=True, enforce_sorted=False
        )
        y, _ = pad_packed_sequence(
            self.lstm(packed)[0], batch_first=True, total_length=order.shape[1]
        )
        y = y.masked_fill(~real.unsqueeze(2), 0.0)
        positions = order.unsqueeze(2).expand(-1, -1, y.shape[2])
        return y.new_zeros(*x.shape[:2], y.shape[2]).scatter(1, positions, y)

    def _run_exported(self, x: Tensor, mask: Tensor) -> Tensor:
        """Run the layer as `_run_masked` does, by steps whose shapes do not depend on the mask.

        Packed sentences do not export. The real tokens come first here, too, so the forward
        direction never sees padding before them; the backward direction gets them in reverse.
        """
        lstm = self.lstm
        steps = torch.arange(mask.shape[1], device=mask.device).unsqueeze(0)  # (1, T)
        # No two keys are equal, since ONNX has no stable order.
        order = torch.where(mask, steps, steps + mask.shape[1]).argsort(dim=1)  # (B, T)
        tokens = gather_tokens(x, order)
        parts = [_run_direction(lstm, tokens, "")]
        if lstm.bidirectional:
            lengths = mask.sum(1, keepdim=True)
            turned = torch.where(steps < lengths, lengths - 1 - steps, steps)
            backward = _run_direction(lstm, gather_tokens(tokens, turned), "_reverse")
            parts.append(gather_tokens(backward, turned))
        y = torch.cat(parts, 2).masked_fill(~mask.gather(1, order).unsqueeze(2), 0.0)
        return y.scatter(1, order.unsqueeze(2).expand(-1, -1, y.shape[2]), y)


def _run_direction(lstm: nn.LSTM, x: Tensor, suffix: str) -> Tensor:
    """Run one direction of an LSTM layer over (B, T, W), from the first token to the last."""
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    weights = [getattr(lstm, name + suffix) for name in names]
    start = x.new_zeros(1, x.shape[0], lstm.hidden_size)
    # The function behind `nn.LSTM`: has biases, one layer, no dropout, not in training, one
    # direction, batch first.
    y: Tensor = torch.lstm(x, (start, start), weights, True, 1, 0.0, False, False, True)[0]
    return y


def _token_width(shape: tuple[int, ...], indices: int, vocabulary: int | None) -> int:
    """Return the number of columns that hold the token itself, without its indices.

    Raises:
        ConfigError: The shape of the view is not that which the arguments ask for.
    """
    columns = check_int(indices, f"{PATH}.indices", low=0)
    if vocabulary is not None:
        if shape and shape[1:] == ((1 + columns,) if columns else ()):
            return 1
        expected = "(tokens,)"
    elif len(shape) == 1:
        raise ConfigError(
            f"a view of shape {shape} holds numbers of tokens: say how many there are",
            path=f"{PATH}.vocabulary",
        )
    else:
        if len(shape) == 2 and shape[1] > columns:
            return shape[1] - columns
        expected = "(tokens, width)"
    if columns:
        expected += f", {columns} column(s) of whole numbers included"
    raise ConfigError(
        f"the backbone reads tokens {expected}, and the view's shape is {shape}",
        path=f"{PATH}.name",
        value="bilstm",
    )
