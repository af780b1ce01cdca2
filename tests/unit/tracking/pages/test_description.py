"""The description of an experiment: sections of sweeps beside what users wrote."""

from __future__ import annotations

from dataclasses import replace

from mtl_search.tracking.pages.description import EXPERIMENT_LENGTH, Section, with_section

BY_HAND = "Ask Ada before you delete runs.\n\n- a list\n- of hers"


def section(number: int, text: str = "Sharing helps.\n\n| a | b |\n| - | - |") -> Section:
    link = f"#/experiments/1/runs?viewStateShareKey=mtl_search-sweep-{number}&x=1"
    return Section(f"sweep-{number}", f"2026-11-{number:02d} 09:30", f"toy {number}", link, text)


def test_the_latest_sweep_comes_first_below_what_was_written_by_hand() -> None:
    note = BY_HAND
    for number in (2, 3, 1):
        note = with_section(note, section(number))
    assert note.startswith(BY_HAND)
    places = [note.index(f"**[toy {number}]") for number in (3, 2, 1)]
    assert places == sorted(places)
    assert note.count("***") == 3


def test_a_new_verdict_takes_the_place_of_the_old_one() -> None:
    note = with_section(with_section("", section(1)), section(2))
    changed = with_section(note, section(1, "Sharing hurts."))
    assert changed.count("Sharing helps.") == 1
    assert changed.count("Sharing hurts.") == 1
    assert with_section(changed, section(1, "Sharing hurts.")) == changed


def test_what_is_written_by_hand_below_and_between_is_kept() -> None:
    note = with_section("", section(1)) + "\nBelow.\n"
    note = with_section(note, section(2)) + "\nBelow that.\n"
    changed = with_section(note, section(3))
    assert {"Below.", "Below that."} <= set(changed.splitlines())


def test_the_length_is_bounded_and_the_latest_stays_whole() -> None:
    note = BY_HAND
    details = "| a |\n| - |\n" + "| 1 |\n" * 100
    for number in range(1, 29):
        note = with_section(note, section(number, f"Sharing helps {number}.\n\n{details}"))
        assert len(note) <= EXPERIMENT_LENGTH
        assert note.startswith(BY_HAND)
        assert f"Sharing helps {number}.\n\n| a |" in note
    assert "Sharing helps 27." in note  # of the one before the first paragraph
    assert note.count("| a |") < 10


def test_sweeps_that_do_not_fit_are_counted_once() -> None:
    note = ""
    for number in range(1, 29):
        note = with_section(note, section(number, f"{number}: " + "long " * 60), limit=1500)
        assert len(note) <= 1500
    assert note.count("earlier sweep") == 1
    assert "28: long" in note


def test_a_long_text_by_hand_is_never_cut() -> None:
    note = "By hand. " * 500 + "The end."
    assert with_section(note, section(1, "It helps. " * 60), 4900) == note


def test_sweeps_of_the_same_minute_have_one_order() -> None:
    first, second = (replace(section(number), time="2026-11-09 09:30") for number in (1, 2))
    note = with_section(with_section("", first), second)
    assert with_section(note, first) == note
    assert with_section(with_section("", second), first) == note
