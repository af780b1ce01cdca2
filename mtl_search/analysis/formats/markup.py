"""Small pieces of HTML for what displays itself in a notebook.

Colours are those of the page, which may be light or dark: only edges have a colour of their own,
one that shows on both. Styles stand in the tags, since notebooks drop sheets of untrusted output.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Literal

Tone = Literal["good", "warning", "neutral"]

_EDGES: dict[Tone, str] = {"good": "#2e9e5b", "warning": "#d08700", "neutral": "#888888"}

_LINE = 'style="white-space:nowrap"'


def marked(title: str, text: str, tone: Tone) -> str:
    """Return a paragraph with a coloured edge.

    Args:
        title: What stands in front of it in bold; empty: nothing.
        text: The text.
        tone: What the edge says; the words say it, too.

    Examples:
        >>> "a &lt; b" in marked("", "a < b", "good")
        True
    """
    head = f"<b>{escape(title)}</b> " if title else ""
    style = f"border-left:4px solid {_EDGES[tone]};padding:0 0 0 .7em;margin:.4em 0;max-width:60em"
    return f'<div style="{style}">{head}{escape(text)}</div>'


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of texts.

    Args:
        titles: What stands above the columns; none: the table has no header.
        rows: The cells of each row.

    Examples:
        >>> "&lt;b&gt;</td>" in table(["name"], [["<b>"]])
        True
    """
    head = "".join(f"<th>{escape(title)}</th>" for title in titles)
    body = "".join(
        "<tr>" + "".join(f"<td {_LINE}>{escape(cell)}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    top = f"<thead><tr>{head}</tr></thead>" if titles else ""
    return f"<table>{top}<tbody>{body}</tbody></table>"
