"""Health checks on a terminal."""

from __future__ import annotations

import io

from rich.console import Console

from mtl_search.analysis.health import Check
from mtl_search.report.health_lines import print_health

WELL = Check("seeds", ok=True, text="all agree")
WARNING = Check("range [x]", ok=False, text="a is high: widen it")
UNKNOWN = Check("rungs", ok=None, text="none")


def printed(*checks: Check, color: bool = False) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=80)
    if color:
        console = Console(file=stream, width=80, color_system="standard", force_terminal=True)
    print_health(checks, console)
    return stream.getvalue()


def test_warnings_have_a_line_each_and_the_rest_one() -> None:
    assert printed(WELL, WARNING, UNKNOWN, WELL).splitlines() == [
        "Warning, range [x]: a is high: widen it.",  # not taken as markup
        "Checked, and well: seeds, seeds.",
        "Could not be checked: rungs.",
    ]


def test_warnings_are_yellow() -> None:
    lines = printed(WELL, WARNING, color=True).splitlines()
    assert "\x1b[33m" in lines[0]
    assert "\x1b[33m" not in lines[1]


def test_a_sweep_that_cannot_be_checked_gets_no_line() -> None:
    assert printed(UNKNOWN) == ""
