"""The code blocks of the documentation, and the comments that say why one is not run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

from tests.support.repository import REPOSITORY

# <!-- not run: needs a cluster --> before a block.
_NOT_RUN = re.compile(r"<!--\s*not run:\s*(.+?)\s*-->", re.DOTALL)


@dataclass(frozen=True)
class Snippet:
    """One code block.

    Attributes:
        page: File, relative to the repository.
        line: Number of its first line.
        language: What follows the fence; empty for an indented block.
        text: What is in it.
        not_run: Why it cannot be run; empty where it can.
    """

    page: str
    line: int
    language: str
    text: str
    not_run: str = ""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """All pages of the documentation that are written by hand."""
    root = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "docker/README.md"]
    return [*(REPOSITORY / name for name in root), *sorted((REPOSITORY / "docs").rglob("*.md"))]


def snippets(page: Path) -> Iterator[Snippet]:
    """The code blocks of a page, in order."""
    reason = ""
    for token in MarkdownIt().parse(page.read_text(encoding="utf-8")):
        if token.type == "html_block" and (marker := _NOT_RUN.search(token.content)):
            reason = marker.group(1)
        elif token.type in ("fence", "code_block"):
            assert token.map is not None
            name = str(page.relative_to(REPOSITORY))
            yield Snippet(name, token.map[0] + 1, token.info.strip(), token.content, reason)
            reason = ""
