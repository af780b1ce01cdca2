"""The base of heads: missing labels, trivial loss, pooling."""

from __future__ import annotations

from tests.support.model_cases import HEAD_CASES


def test_missing_labels_of_the_training_split_turn_the_short_way_off() -> None:
    """The target of the data set is what counts, but a head that was fitted on gaps must not forget them."""
    case = HEAD_CASES["binary"]
    head = case.build("binary", case.losses[0], case.labels(24, missing=False))
    assert head.complete
    head.fit(case.labels(24, missing=True))
    assert not head.complete
