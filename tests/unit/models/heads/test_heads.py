"""What every head promises, for every head with every loss that fits it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from mtl_search.metrics.definitions import METRICS
from mtl_search.models.heads import HEADS, Head
from mtl_search.models.losses import LOSSES
from tests.support.model_cases import HEAD_CASES, HEAD_LOSSES

Loss = tuple[str, Mapping[str, Any]]
SAMPLES = 24

every_head = pytest.mark.parametrize(
    ("name", "loss"), [c[:2] for c in HEAD_LOSSES], ids=[c[2] for c in HEAD_LOSSES]
)


def _gradients(head: Head, loss: Tensor) -> list[Tensor]:
    found = torch.autograd.grad(loss, list(head.parameters()), allow_unused=True)
    return [torch.zeros(()) if gradient is None else gradient for gradient in found]


@every_head
def test_gradient_scales_with_the_weight_of_the_loss(name: str, loss: Loss) -> None:
    case = HEAD_CASES[name]
    labels = case.labels(SAMPLES, missing=True)
    head = case.build(name, loss, labels)
    features = case.features(SAMPLES, head.views)
    plain = _gradients(head, head.loss(head(*features), labels))
    weighted = _gradients(head, 0.37 * head.loss(head(*features), labels))
    assert sum(float(gradient.abs().sum()) for gradient in plain) > 0
    for one, other in zip(plain, weighted, strict=True):
        torch.testing.assert_close(other, 0.37 * one)


@every_head
def test_samples_without_a_label_change_nothing(name: str, loss: Loss) -> None:
    """Loss and gradient are those of the labelled samples, whatever the others' features."""
    case = HEAD_CASES[name]
    labels = case.labels(SAMPLES, missing=True)
    head = case.build(name, loss, labels)
    features = case.features(SAMPLES, head.views)
    bare = labels.isnan() if case.kind == "real" else labels == -1
    bare = bare.flatten(1).all(1) if labels.ndim > 1 else bare
    bare[1] = True
    labels = labels.clone()
    labels[1] = float("nan") if case.kind == "real" else -1
    other = tuple(
        torch.where(bare.view(-1, *[1] * (x.ndim - 1)), 7.0 * x - 3.0, x) for x in features
    )
    losses = [
        head.loss(head(*features), labels),
        head.loss(head(*other), labels),
        head.loss(head(*(x[~bare] for x in features)), labels[~bare]),
    ]
    gradients = [_gradients(head, value) for value in losses]
    for k in (1, 2):
        torch.testing.assert_close(losses[k], losses[0])
        for one, two in zip(gradients[k], gradients[0], strict=True):
            torch.testing.assert_close(one, two)


@every_head
def test_no_gradient_reaches_the_features_of_a_sample_without_label(name: str, loss: Loss) -> None:
    case = HEAD_CASES[name]
    labels = case.labels(SAMPLES, missing=True)
    labels[1] = float("nan") if case.kind == "real" else -1
    head = case.build(name, loss, labels)
    features = tuple(x.requires_grad_() for x in case.features(SAMPLES, head.views))
    head.loss(head(*features), labels).backward()
    for x in features:
        assert x.grad is not None
        assert x.grad[1].abs().sum() == 0
        assert x.grad.abs().sum() > 0  # not of sample 0: a pair beyond the margin pulls nothing


@every_head
def test_a_batch_without_any_label_costs_exactly_nothing(name: str, loss: Loss) -> None:
    case = HEAD_CASES[name]
    head = case.build(name, loss, case.labels(SAMPLES, missing=True))
    none = torch.full_like(
        case.labels(SAMPLES, missing=False), float("nan") if case.kind == "real" else -1
    )
    output = head(*case.features(SAMPLES, head.views))
    total, count = head.loss_sum(output, none)
    assert total.item() == 0.0
    assert int(count) == 0
    value = head.loss(output, none)
    assert value.item() == 0.0
    for gradient in _gradients(head, value):
        assert float(gradient.abs().sum()) == 0.0


@every_head
def test_an_empty_batch_costs_nothing(name: str, loss: Loss) -> None:
    case = HEAD_CASES[name]
    labels = case.labels(SAMPLES, missing=False)
    head = case.build(name, loss, labels)
    value = head.loss(head(*(x[:0] for x in case.features(SAMPLES, head.views))), labels[:0])
    assert value.item() == 0.0


@every_head
def test_the_way_without_masks_gives_the_same_numbers(name: str, loss: Loss) -> None:
    case = HEAD_CASES[name]
    labels = case.labels(SAMPLES, missing=False)
    head = case.build(name, loss, labels)
    features = case.features(SAMPLES, head.views)
    assert head.complete == (name != "crf")
    fast, fast_sum = head.loss(head(*features), labels), head.loss_sum(head(*features), labels)
    head.complete = False
    slow, slow_sum = head.loss(head(*features), labels), head.loss_sum(head(*features), labels)
    torch.testing.assert_close(fast, slow)
    torch.testing.assert_close(fast_sum, slow_sum)


@every_head
def test_the_sum_over_two_halves_is_the_sum_over_the_batch(name: str, loss: Loss) -> None:
    """What several workers rely on: their sums and counts add up to those of one worker."""
    case = HEAD_CASES[name]
    labels = case.labels(SAMPLES, missing=True)
    head = case.build(name, loss, labels)
    output = head(*case.features(SAMPLES, head.views))
    total, count = head.loss_sum(output, labels)
    halves = [
        head.loss_sum(output[rows], labels[rows]) for rows in (slice(0, 5), slice(5, SAMPLES))
    ]
    torch.testing.assert_close(halves[0][0] + halves[1][0], total)
    assert int(halves[0][1] + halves[1][1]) == int(count)
    torch.testing.assert_close(total / count, head.loss(output, labels))


@every_head
def test_a_target_without_values_takes_the_long_way(name: str, loss: Loss) -> None:
    """A stored model is built from a spec, which has no labels, and may meet missing ones."""
    case = HEAD_CASES[name]
    labels = case.labels(SAMPLES, missing=True)
    make: Any = HEADS[name]
    torch.manual_seed(0)
    head: Head = make(5, case.target(labels[:0]), LOSSES[loss[0]](**loss[1]), **case.arguments)
    assert not head.complete
    head.load_state_dict(case.build(name, loss, labels).state_dict())
    features = case.features(SAMPLES, head.views)
    torch.testing.assert_close(
        head.loss(head(*features), labels),
        case.build(name, loss, labels).loss(head(*features), labels),
    )


@every_head
def test_predictions_are_finite_float32_or_tags_and_carry_no_gradient_of_their_own(
    name: str, loss: Loss
) -> None:
    case = HEAD_CASES[name]
    labels = case.labels(SAMPLES, missing=True)
    head = case.build(name, loss, labels).eval()
    with torch.no_grad():
        prediction = head.predict(head(*case.features(SAMPLES, head.views)))
    assert prediction.isfinite().all()
    assert prediction.dtype == (torch.int64 if case.kind == "tags" else torch.float32)
    expected = (SAMPLES, 3) if case.kind == "class" else tuple(labels.shape)
    assert tuple(prediction.shape) == expected
    if case.kind in ("class", "binary", "multilabel"):
        assert prediction.min() >= 0
        assert prediction.max() <= 1
    if case.kind == "class":
        torch.testing.assert_close(prediction.sum(1), torch.ones(SAMPLES))


@every_head
def test_a_few_steps_lower_the_loss(name: str, loss: Loss) -> None:
    case = HEAD_CASES[name]
    labels = case.labels(SAMPLES, missing=True)
    head = case.build(name, loss, labels)
    features = case.features(SAMPLES, head.views)
    optimizer = torch.optim.Adam(head.parameters(), lr=0.03)
    losses = []
    for _ in range(40):
        value = head.loss(head(*features), labels)
        losses.append(value.item())
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
    assert losses[-1] < 0.9 * losses[0]


@every_head
def test_bfloat16_autocast_gives_a_finite_float32_loss_and_gradient(name: str, loss: Loss) -> None:
    case = HEAD_CASES[name]
    labels = case.labels(SAMPLES, missing=True)
    head = case.build(name, loss, labels)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value = head.loss(head(*case.features(SAMPLES, head.views)), labels)
    assert value.dtype == torch.float32
    plain = head.loss(head(*case.features(SAMPLES, head.views)), labels)
    assert value.item() == pytest.approx(plain.item(), rel=0.05)
    assert all(gradient.isfinite().all() for gradient in _gradients(head, value))


@every_head
def test_what_was_fitted_is_in_the_checkpoint(name: str, loss: Loss) -> None:
    case = HEAD_CASES[name]
    labels = case.labels(SAMPLES, missing=True)
    head = case.build(name, loss, labels)
    features = case.features(SAMPLES, head.views)
    make: Any = HEADS[name]
    fresh: Head = make(5, case.target(labels), LOSSES[loss[0]](**loss[1]), **case.arguments)
    fresh.load_state_dict(head.state_dict())
    assert fresh.trivial_loss == head.trivial_loss
    torch.testing.assert_close(
        fresh.eval().predict(fresh(*features)), head.eval().predict(head(*features))
    )


@every_head
def test_no_label_to_fit_on_leaves_scale_1(name: str, loss: Loss) -> None:
    case = HEAD_CASES[name]
    labels = case.labels(SAMPLES, missing=True)
    head = case.build(name, loss, labels)
    make: Any = HEADS[name]
    fresh: Head = make(5, case.target(labels), LOSSES[loss[0]](**loss[1]))
    fresh.fit(torch.full_like(labels, float("nan") if case.kind == "real" else -1))
    assert float(fresh.trivial_loss) == 1.0
    assert float(head.trivial_loss) != 1.0 or loss[0] == "mse"


@pytest.mark.parametrize("name", HEADS)
def test_dropout_acts_in_training_only(name: str) -> None:
    case = HEAD_CASES[name]
    labels = case.labels(SAMPLES, missing=False)
    for hidden in ([], [6]):
        head = case.build(name, case.losses[0], labels, dropout=0.5, hidden=hidden)
        features = case.features(SAMPLES, head.views)
        assert not torch.equal(head(*features), head(*features))
        head.eval()
        torch.testing.assert_close(head(*features), head(*features))


@pytest.mark.parametrize("name", HEADS)
def test_a_head_says_what_it_takes(name: str) -> None:
    member = HEADS[name]
    case = HEAD_CASES[name]
    assert case.kind in member.target_kinds
    assert {loss for loss, _ in case.losses} == set(member.losses)
    assert member.metrics
    assert set(HEADS.arguments(name)) >= {"dropout", "hidden"}
    assert not {"width", "target", "loss"} & set(HEADS.arguments(name))


FIRST = {
    "class": "accuracy",
    "binary": "accuracy",
    "multilabel": "auroc",
    "real": "r2",
    "tags": "token_accuracy",
}


@pytest.mark.parametrize("name", HEADS)
def test_metrics_are_those_of_the_kind_of_target(name: str) -> None:
    metrics, kind = HEADS[name].metrics, HEAD_CASES[name].kind
    assert metrics[0] == FIRST[kind]
    assert set(metrics) <= METRICS.keys()
