"""The description of an experiment: one section a sweep, latest first, beside what users wrote."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

# The tag that MLflow shows as description, of runs and of experiments.
NOTE = "mlflow.note.content"

# Servers of earlier versions take 5,000 characters of an experiment's tag, and 8,000 of a run's.
EXPERIMENT_LENGTH = 4900
RUN_LENGTH = 7800

# A section begins with a link that has the sweep's id, and ends with a rule: MLflow would show a
# comment as text. Of a description that is folded it shows the first line, so the answer is there.
_SECTION = re.compile(
    r"^\*\*\[(?P<name>[^\n]*?)\]\((?P<link>[^\s)]*viewStateShareKey=mtl_search-(?P<sweep>[\w-]+)"
    r"[^\s)]*)\)\*\*, (?P<time>[-\d]{10} [:\d]{5}) UTC: (?P<text>.*?)\n\*\*\*\n?",
    re.MULTILINE | re.DOTALL,
)
_MORE = re.compile(r"^\d+ earlier sweeps? (?:is|are) among the runs\.\n?", re.MULTILINE)


@dataclass(frozen=True)
class Section:
    """What the description of an experiment says of one sweep.

    Attributes:
        sweep: The sweep's id.
        time: When its last trial ended, such as `2026-11-27 09:30`, UTC; the latest comes first.
        name: Its heading.
        link: Where the heading leads: an address with `viewStateShareKey=mtl_search-<id>`.
        text: Markdown; its first paragraph is kept where there is little room.
    """

    sweep: str
    time: str
    name: str
    link: str
    text: str

    @property
    def short(self) -> Section:
        """The section with its first paragraph alone."""
        first = self.text.strip().split("\n\n", 1)[0]
        return Section(self.sweep, self.time, self.name, self.link, first)

    def markdown(self) -> str:
        """Return the section as it stands in the description."""
        heading = f"**[{self.name}]({self.link})**, {self.time} UTC"
        return f"{heading}: {self.text.strip()}\n\n***\n"


def with_section(note: str, section: Section, limit: int = EXPERIMENT_LENGTH) -> str:
    """Return a description with the section of one sweep put in, or put in place of an older one.

    What users wrote by hand stays, above the sections. Sections that do not fit are shortened to
    their first paragraph, the oldest first, then left out. Where no section fits, nothing changes.

    Args:
        note: The description so far.
        section: The section.
        limit: Most characters.

    Examples:
        >>> link, day = "#/x?viewStateShareKey=mtl_search-abc", "2026-11-27 09:30"
        >>> note = with_section("Ask Ada.", Section("abc", day, "toy", link, "Sharing helps."))
        >>> print(note)
        Ask Ada.
        <BLANKLINE>
        **[toy](#/x?viewStateShareKey=mtl_search-abc)**, 2026-11-27 09:30 UTC: Sharing helps.
        <BLANKLINE>
        ***
        <BLANKLINE>
        >>> with_section(note, Section("abc", day, "toy", link, "It hurts.")).count("toy")
        1
    """
    sections = [found for found in _sections(note) if found.sweep != section.sweep]
    # Of the same minute the order must not depend on who writes, or two would change it in turn.
    sections.append(section)
    sections.sort(key=lambda each: (each.time, each.sweep), reverse=True)
    by_hand = _MORE.sub("", _SECTION.sub("", note)).strip()
    for shortened in range(len(sections) + 1):
        kept = len(sections) - shortened
        shown = [*sections[:kept], *(each.short for each in sections[kept:])]
        text = _joined(by_hand, shown)
        if len(text) <= limit:
            return text
    while len(shown) > 1:
        shown.pop()
        text = _joined(by_hand, shown, left_out=len(sections) - len(shown))
        if len(text) <= limit:
            return text
    return note if by_hand else text[:limit]


def cut(text: str, room: int) -> str:
    r"""Return a text, or as many of its first lines as there is room for.

    Args:
        text: Markdown, whose tables are cut between two rows.
        room: Most characters.

    Examples:
        >>> cut("| a |\n| b |\n| c |", 15), cut("| a |", 15)
        ('| a |\n| b |\n\n…', '| a |')
    """
    if len(text) <= room:
        return text
    return text[: max(0, room - 3)].rpartition("\n")[0] + "\n\n…"


def _sections(note: str) -> list[Section]:
    return [
        Section(m["sweep"], m["time"], m["name"], m["link"], m["text"].strip())
        for m in _SECTION.finditer(note)
    ]


def _joined(by_hand: str, sections: Sequence[Section], left_out: int = 0) -> str:
    parts = [by_hand] if by_hand else []
    parts += [section.markdown() for section in sections]
    if left_out:
        sweeps = "sweep is" if left_out == 1 else "sweeps are"
        parts.append(f"{left_out} earlier {sweeps} among the runs.\n")
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"
