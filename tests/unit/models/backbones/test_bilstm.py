"""BiLSTM: against torch's own of several layers, and indifferent to padding wherever it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mtl_search.errors import ConfigError
from mtl_search.models.backbones.bilstm import bilstm
from mtl_search.models.stage import Stage, parameter_count, run_stages

T = 6
LENGTHS = (6, 1, 4, 0)
PREFIX = torch.arange(T) < torch.tensor(LENGTHS).unsqueeze(1)
SCATTERED = torch.tensor(
    [[1, 0, 1, 1, 0, 1], [0, 0, 0, 1, 0, 0], [0, 1, 1, 1, 1, 1], [0] * 6]
).bool()


def _stages(shape: tuple[int, ...] = (T, 5), **arguments: Any) -> list[Stage]:
    torch.manual_seed(0)
    return bilstm(shape, **{"hidden": 4, "layers": 2, **arguments})


def _view(width: int = 5) -> Tensor:
    return torch.randn(len(LENGTHS), T, width, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("bidirectional", [True, False])
def test_layers_in_order_are_torchs_lstm(bidirectional: bool) -> None:
    stages = _stages(layers=3, bidirectional=bidirectional)
    whole = nn.LSTM(5, 4, num_layers=3, batch_first=True, bidirectional=bidirectional)
    for i, stage in enumerate(stages):
        for name, value in stage.body.lstm.state_dict().items():  # type: ignore[union-attr]
            whole.get_parameter(name.replace("_l0", f"_l{i}")).data.copy_(value)
    torch.testing.assert_close(run_stages(stages, _view(), None), whole(_view())[0])
    assert sum(map(parameter_count, stages)) == parameter_count(whole)


@pytest.mark.parametrize("mask", [PREFIX, SCATTERED], ids=["prefix", "scattered"])
def test_each_sentence_gives_what_its_real_tokens_give_alone(mask: Tensor) -> None:
    stages, x = _stages(), _view()
    features = run_stages(stages, x, mask)
    for i, real in enumerate(mask):
        assert not features[i, ~real].any()
        if real.any():
            torch.testing.assert_close(
                features[i, real], run_stages(stages, x[i : i + 1, real], None)[0]
            )


@pytest.mark.parametrize("mask", [PREFIX, SCATTERED], ids=["prefix", "scattered"])
@pytest.mark.parametrize("padding", [99.0, float("nan"), -1.0])
def test_what_stands_at_padding_changes_nothing(mask: Tensor, padding: float) -> None:
    for indices in (0, 2):
        stages = _stages((T, 5 + indices), indices=indices, index_values=3)
        x = _view(5 + indices)
        x[..., 5:] = x[..., 5:].abs().round()
        dirty = x.masked_fill(~mask.unsqueeze(2), padding).requires_grad_()
        features = run_stages(stages, dirty, mask)
        assert torch.equal(features, run_stages(stages, x, mask))
        features.square().sum().backward()
        assert all(
            p.grad is not None and p.grad.isfinite().all()
            for stage in stages
            for p in stage.parameters()
        )


def test_padding_of_numbers_may_be_no_number_of_a_token() -> None:
    stages = _stages((T,), vocabulary=9)
    x = torch.randint(0, 9, (len(LENGTHS), T), generator=torch.Generator().manual_seed(0))
    assert torch.equal(
        run_stages(stages, x.masked_fill(~PREFIX, -1), PREFIX), run_stages(stages, x, PREFIX)
    )


def test_a_mask_of_ones_is_no_mask() -> None:
    stages = _stages()
    torch.testing.assert_close(
        run_stages(stages, _view(), torch.ones(len(LENGTHS), T).bool()),
        run_stages(stages, _view(), None),
    )


def test_numbers_beside_a_token_are_embedded_each_in_its_own_table() -> None:
    (stage,) = _stages((T, 7), layers=1, indices=2, index_values=4, index_width=3)
    body: Any = stage.body
    x = _view(7)
    x[..., 5:] = torch.randint(
        0, 4, x[..., 5:].shape, generator=torch.Generator().manual_seed(2)
    ).float()
    one, two = body.inputs.index_tables
    vectors = torch.cat([x[..., :5], one(x[..., 5].long()), two(x[..., 6].long())], 2)
    torch.testing.assert_close(stage(x), body.lstm(vectors)[0])
    assert body.lstm.input_size == 5 + 2 * 3
    assert parameter_count(body.inputs) == 2 * 4 * 3


def test_a_number_out_of_range_counts_as_the_nearest() -> None:
    (stage,) = _stages((T, 6), layers=1, indices=1, index_values=4)
    x = _view(6)
    low, high = x.clone(), x.clone()
    low[..., 5], high[..., 5] = -3.0, 9.0
    x[..., 5] = 0.0
    torch.testing.assert_close(stage(low), stage(x))
    x[..., 5] = 3.0
    torch.testing.assert_close(stage(high), stage(x))


def test_dropout_is_off_in_evaluation() -> None:
    stages = nn.ModuleList(_stages(dropout=0.5))
    assert not torch.equal(run_stages(stages, _view(), None), run_stages(stages, _view(), None))
    stages.eval()
    assert torch.equal(run_stages(stages, _view(), None), run_stages(stages, _view(), None))


BAD: list[tuple[tuple[int, ...], Mapping[str, Any], str]] = [
    ((T, 5), {"hidden": 0}, "hidden"),
    ((T, 5), {"layers": 0}, "layers"),
    ((T, 5), {"dropout": 1.0}, "dropout"),
    ((T, 5), {"bidirectional": "yes"}, "bidirectional"),
    ((T, 5), {"indices": -1}, "indices"),
    ((T, 5), {"indices": 2}, "index_values"),
    ((T, 5), {"indices": 2, "index_values": 3, "index_width": 0}, "index_width"),
    ((T, 5), {"indices": 5, "index_values": 3}, "name"),
    ((T, 5), {"vocabulary": 9}, "name"),
    ((T,), {}, "vocabulary"),
    ((T,), {"vocabulary": 0}, "vocabulary"),
    ((T,), {"vocabulary": 9, "embedding": 0}, "embedding"),
    ((3, 8, 8), {}, "name"),
    ((), {}, "name"),
]


@pytest.mark.parametrize(("shape", "arguments", "argument"), BAD)
def test_a_wrong_argument_is_named(
    shape: tuple[int, ...], arguments: Mapping[str, Any], argument: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        bilstm(shape, **arguments)
    assert caught.value.path == f"model.backbone.{argument}"
