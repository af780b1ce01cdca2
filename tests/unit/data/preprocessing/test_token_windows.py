"""Windows of tokens: entities stay, distances and tags are at the right tokens."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_search.data.preprocessing.token_windows import (
    choose_windows,
    entity_tags,
    relative_positions,
)
from mtl_search.data.readers.semeval_text import MarkedTokens, Span


def _sentence(length: int, first: tuple[int, int], second: tuple[int, int]) -> MarkedTokens:
    return MarkedTokens(tuple(f"w{k}" for k in range(length)), Span(*first), Span(*second))


SHORT = _sentence(5, (1, 2), (3, 5))


@pytest.mark.parametrize(
    ("sentence", "start", "length"),
    [
        (SHORT, 0, 5),
        (_sentence(9, (0, 1), (2, 3)), 0, 6),
        (_sentence(9, (3, 4), (7, 8)), 2, 6),  # the last entity is the end of the window
        (_sentence(9, (7, 8), (3, 4)), 2, 6),
        (_sentence(20, (2, 3), (18, 19)), 2, 6),  # both do not fit, and the first one stays
    ],
)
def test_windows_by_hand(sentence: MarkedTokens, start: int, length: int) -> None:
    windows = choose_windows([SHORT, sentence], 6)
    assert (windows.start[1], windows.length[1]) == (start, length)
    assert windows.kept(1) == slice(start, start + length)
    assert windows.mask.tolist() == [[True] * 5 + [False], [k < length for k in range(6)]]


@given(st.integers(4, 30), st.data())
def test_entities_stay_where_the_window_can_hold_them(size: int, data: st.DataObject) -> None:
    bounds = sorted(data.draw(st.sets(st.integers(0, 30), min_size=4, max_size=4)))
    length = bounds[-1] + data.draw(st.integers(0, 5))
    sentence = _sentence(length, (bounds[0], bounds[1]), (bounds[2], bounds[3]))
    kept = choose_windows([sentence], size).kept(0)
    assert 0 <= kept.start <= bounds[0]
    assert kept.stop <= len(sentence.tokens)
    assert kept.stop - kept.start == min(size, len(sentence.tokens) - kept.start)
    if bounds[-1] - bounds[0] <= size:
        assert kept.stop >= bounds[-1]


def test_the_log_says_what_is_lost(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    choose_windows([SHORT], 6)
    assert not caplog.records
    choose_windows([SHORT, _sentence(9, (0, 1), (2, 3)), _sentence(20, (2, 3), (18, 19))], 6)
    assert "2 of 3 sentences have more than 6 tokens and were cut; in 1 the first" in caplog.text
    assert "1 of 3 sentences lose a token of an entity" in caplog.text


def test_distances_are_0_inside_and_shifted_to_be_above_0() -> None:
    windows = choose_windows([SHORT], 6)
    assert relative_positions([SHORT], windows, 1)[0].tolist() == [5, 6, 7, 8, 9, 0]
    assert relative_positions([SHORT], windows, 2)[0].tolist() == [3, 4, 5, 6, 6, 0]


def test_distances_to_a_lost_entity_stay_in_range() -> None:
    sentence = _sentence(20, (2, 3), (18, 19))
    positions = relative_positions([sentence], choose_windows([sentence], 6), 2)
    assert positions[0].tolist() == [1] * 6


def test_tags_are_missing_at_padding() -> None:
    windows = choose_windows([SHORT], 6)
    target = entity_tags([SHORT], windows, distinguish=False)
    assert (target.kind, target.classes) == ("tags", ("O", "B-entity", "I-entity"))
    assert target.values.tolist() == [[0, 1, 0, 1, 2, -1]]
    apart = entity_tags([SHORT], windows, distinguish=True)
    assert apart.classes == ("O", "B-e1", "I-e1", "B-e2", "I-e2")
    assert apart.values.tolist() == [[0, 1, 0, 3, 4, -1]]
