"""The CRF head against enumeration of all paths."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from torch import Tensor

from mtl_search.data.dataset import Target
from mtl_search.models.heads.crf import Crf
from mtl_search.models.losses import LOSSES
from tests.support.model_cases import entropy, fitted_head

T, K, WIDTH = 4, 3, 5


@pytest.fixture
def head() -> Crf:
    torch.manual_seed(0)
    target = Target(torch.zeros(2, T, dtype=torch.int64).numpy(), "tags", ("O", "B", "I"))
    made = Crf(WIDTH, target, LOSSES["crf"]())
    with torch.no_grad():
        for (
            parameter
        ) in made.crf.parameters():  # 0.1 as pytorch-crf draws them would hide a wrong transition
            parameter.normal_()
    return made


def _score(head: Crf, emissions: Tensor, tags: tuple[int, ...]) -> float:
    """Score of a path over the tokens given, in float64."""
    crf: Any = head.crf
    total = crf.start_transitions[tags[0]].double() + crf.end_transitions[tags[-1]].double()
    total = total + sum(emissions[t, k].double() for t, k in enumerate(tags))
    steps = itertools.pairwise(tags)
    return float((total + sum(crf.transitions[i, j].double() for i, j in steps)).detach())


def _paths(head: Crf, emissions: Tensor) -> dict[tuple[int, ...], float]:
    return {
        tags: _score(head, emissions, tags)
        for tags in itertools.product(range(K), repeat=len(emissions))
    }


def _nll(head: Crf, emissions: Tensor, tags: list[int]) -> float:
    scores = _paths(head, emissions)
    partition = torch.tensor(list(scores.values()), dtype=torch.float64).logsumexp(0)
    return float(partition) - scores[tuple(tags)]


# Which tokens are there: all, padding, the first one missing, a gap, both, one token, none.
PATTERNS = ["1111", "1110", "0111", "1011", "0101", "0010", "1000", "0000"]


def _keep(pattern: str) -> Tensor:
    return torch.tensor([c == "1" for c in pattern])


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_loss_is_that_of_all_paths_over_the_labelled_tokens(head: Crf, pattern: str) -> None:
    keep = _keep(pattern)
    features = torch.randn(1, T, WIDTH, generator=torch.Generator().manual_seed(1))
    tags = torch.tensor([[2, 0, 1, 1]]).masked_fill(~keep, -1)
    emissions = head(features)
    total, count = head.loss_sum(emissions, tags)
    expected = _nll(head, emissions[0, keep], tags[0, keep].tolist()) if keep.any() else 0.0
    assert total.item() == pytest.approx(expected, abs=1e-5)
    assert int(count) == int(keep.sum())


def test_a_batch_of_all_patterns_is_the_sum_of_its_sentences(head: Crf) -> None:
    keep = torch.stack([_keep(pattern) for pattern in PATTERNS])
    generator = torch.Generator().manual_seed(2)
    features = torch.randn(len(PATTERNS), T, WIDTH, generator=generator)
    tags = torch.randint(0, K, keep.shape, generator=generator).masked_fill(~keep, -1)
    emissions = head(features)
    expected = sum(
        _nll(head, emissions[i, k], tags[i, k].tolist()) for i, k in enumerate(keep) if k.any()
    )
    total, count = head.loss_sum(emissions, tags)
    assert total.item() == pytest.approx(expected, abs=1e-4)
    assert head.loss(emissions, tags).item() == pytest.approx(expected / int(count), abs=1e-5)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_prediction_is_the_best_of_all_paths_over_the_real_tokens(
    head: Crf, pattern: str
) -> None:
    real = _keep(pattern)
    features = torch.randn(20, T, WIDTH, generator=torch.Generator().manual_seed(3)) * 2
    emissions = head(features, masks=[real.expand(20, T)])
    predicted = head.predict(emissions)
    assert predicted.dtype == torch.int64
    assert (predicted[:, ~real] == -1).all()
    for i in range(20):
        if real.any():
            scores = _paths(head, emissions[i, real])
            assert tuple(predicted[i, real].tolist()) == max(scores, key=lambda path: scores[path])


def test_predictions_are_those_of_pytorch_crf_itself(head: Crf) -> None:
    generator = torch.Generator().manual_seed(4)
    features = torch.randn(30, 9, WIDTH, generator=generator) * 2
    lengths = torch.randint(1, 10, (30,), generator=generator)
    mask = torch.arange(9) < lengths.unsqueeze(1)
    emissions = head(features, masks=[mask])
    theirs = head.crf.decode(emissions.detach().masked_fill(~mask.unsqueeze(2), 0.0), mask)
    ours = [row[row != -1].tolist() for row in head.predict(emissions)]
    assert ours == theirs


def test_tokens_without_a_tag_are_tagged_but_padding_is_not(head: Crf) -> None:
    mask = torch.tensor([[True, True, True, False]])
    features = torch.randn(1, T, WIDTH)
    predicted = head.predict(head(features, masks=[mask]))
    assert (predicted[0, :3] >= 0).all()
    assert int(predicted[0, 3]) == -1


@pytest.mark.parametrize("pattern", ["1110", "0111", "1011"])
def test_what_stands_in_padding_changes_nothing(head: Crf, pattern: str) -> None:
    mask = _keep(pattern).unsqueeze(0)
    tags = torch.tensor([[2, 0, 1, 1]]).masked_fill(~mask, -1)
    results = []
    for filler in (0.0, 1e4, -7.0):
        features = torch.ones(1, T, WIDTH).masked_fill(~mask.unsqueeze(2), filler).requires_grad_()
        loss = head.loss(head(features, masks=[mask]), tags)
        loss.backward()
        assert features.grad is not None
        results.append((loss.item(), features.grad[mask].tolist()))
        assert all(p.grad is not None and p.grad.isfinite().all() for p in head.parameters())
        head.zero_grad()
    assert results[0] == results[1] == results[2]


def test_the_partition_is_computed_in_float32_under_bfloat16_autocast(head: Crf) -> None:
    seen = []
    inner = head.crf._compute_normalizer

    def watch(emissions: Tensor, mask: Tensor) -> Tensor:
        value: Tensor = inner(emissions, mask)
        seen.append((emissions.dtype, value.dtype, torch.is_autocast_enabled("cpu")))
        return value

    head.crf._compute_normalizer = watch
    features, tags = torch.randn(6, T, WIDTH), torch.randint(0, K, (6, T))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = head(features)
        total, _ = head.loss_sum(output, tags)
        half, _ = head.loss_sum(output.bfloat16(), tags)
    assert seen == [(torch.float32, torch.float32, False)] * 2
    exact = sum(_nll(head, output[i].detach(), tags[i].tolist()) for i in range(6))
    assert total.item() == pytest.approx(exact, abs=1e-4)
    assert half.isfinite()


def test_gradient_of_the_transitions_against_finite_differences(head: Crf) -> None:
    features = torch.randn(3, T, WIDTH, generator=torch.Generator().manual_seed(5))
    tags = torch.tensor([[0, 1, 2, -1], [-1, 2, -1, 0], [-1, -1, -1, -1]])
    head.double()
    emissions = head.dense(features.double()).detach()
    head.loss_sum(emissions, tags)[0].backward()
    transitions = head.crf.transitions
    assert transitions.grad is not None
    for i, j in itertools.product(range(K), repeat=2):
        values = []
        for step in (1e-3, -1e-3):
            with torch.no_grad():
                transitions[i, j] += step
                values.append(head.loss_sum(emissions, tags)[0].item())
                transitions[i, j] -= step
        assert transitions.grad[i, j].item() == pytest.approx(
            (values[0] - values[1]) / 2e-3, abs=2e-3
        )


def test_crf_is_the_entropy_of_the_tags() -> None:
    labels = torch.tensor([[0, 0, 1, -1], [2, 0, -1, -1], [1, -1, 0, 0]])
    assert fitted_head("crf", labels).trivial_loss.item() == pytest.approx(
        entropy(5 / 8, 2 / 8, 1 / 8), rel=1e-5
    )
