"""Tables of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table with one line a row; a `|` in text is escaped."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(_cell(cell) for cell in line)} |\n" for line in lines)


def code(value: object) -> str:
    """Write a value as code, or nothing where it is empty."""
    text = str(value)
    return f"`{text}`" if text else ""


def _cell(text: str) -> str:
    parts = " ".join(text.split()).split("`")  # every other one is code, where nothing is escaped
    return "`".join(
        part if number % 2 else part.replace("|", "\\|") for number, part in enumerate(parts)
    )
