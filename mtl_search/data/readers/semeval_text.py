"""Sentences with two marked entities and their relation, as SemEval-2010 Task 8 writes them.

    1   "The <e1>child</e1> was carefully wrapped into the <e2>cradle</e2> by means of a cord."
    Entity-Destination(e1,e2)
    Comment: whatever the annotator thought

I. Hendrickx and others, "SemEval-2010 Task 8: Multi-Way Classification of Semantic Relations
Between Pairs of Nominals", 2010, https://aclanthology.org/S10-1006.

A sentence is a line with a number, a tab and the sentence in quotes; a line with the relation,
which a file without answers leaves out; a comment; an empty line. Marks may stand without a blank
beside them (sentence 213 of the training file has `doves<e2>moles</e2>`), so a mark always ends a
token.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from mtl_search.errors import DataError, nearest

OTHER = "Other"
_PLAIN = (
    "Cause-Effect",
    "Component-Whole",
    "Content-Container",
    "Entity-Destination",
    "Entity-Origin",
    "Instrument-Agency",
    "Member-Collection",
    "Message-Topic",
    "Product-Producer",
)
DIRECTED = (*(f"{name}({order})" for name in _PLAIN for order in ("e1,e2", "e2,e1")), OTHER)
UNDIRECTED = (*_PLAIN, OTHER)

# A tab follows the number, or blanks where the marks say that this is a sentence.
_SENTENCE = re.compile(r"(\d+)(?:\t\s*|\s+(?=.*<e[12]>))(.*\S)\s*$")
_MARK = re.compile(r"<(/?)e([12])>")
# A word with the signs inside that join its parts (left-hander's, 3.5, km/h), or any other
# character by itself.
_TOKEN = re.compile(r"\w+(?:[-'’.,/&]\w+)*|[^\w\s]")


class Span(NamedTuple):
    """Consecutive tokens of a sentence.

    Attributes:
        start: The number of the first token.
        stop: The number after that of the last token.
    """

    start: int
    stop: int


@dataclass(frozen=True)
class MarkedTokens:
    """The tokens of a sentence and where its two entities are.

    Attributes:
        tokens: Words and punctuation, without the marks.
        first: The tokens of entity 1.
        second: The tokens of entity 2.
    """

    tokens: tuple[str, ...]
    first: Span
    second: Span

    @property
    def text(self) -> str:
        """The sentence without marks, blanks and case; equal texts are the same sentence."""
        return "".join(self.tokens).casefold()


@dataclass(frozen=True)
class MarkedSentence(MarkedTokens):
    """A sentence of a file, with the relation between its entities.

    Attributes:
        number: The number of the sentence in its file.
        relation: The relation with its direction, such as `Cause-Effect(e2,e1)`.
    """

    number: int
    relation: str


def undirected(relation: str) -> str:
    """Return the relation without its direction."""
    return relation.partition("(")[0]


def read_marked(path: Path) -> list[MarkedSentence]:
    """Read all sentences of a file, in order.

    Raises:
        DataError: The file cannot be read, or a line is not as this module describes it; the
            message says which.
    """
    try:
        # Not `splitlines`: other ends of lines may stand within a sentence.
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {path}: {error}") from None
    sentences = list(_sentences(path, lines))
    if not sentences:
        raise DataError(
            f"{path} has no sentence, such as: "
            '1<tab>"The <e1>child</e1> is in the <e2>cradle</e2>."'
        )
    numbers = {sentence.number for sentence in sentences}
    if len(numbers) < len(sentences):
        raise DataError(
            f"{path} has {len(sentences)} sentences and {len(numbers)} numbers: some stand there "
            "twice"
        )
    return sentences


def _sentences(path: Path, lines: list[str]) -> Iterator[MarkedSentence]:
    # The line after the last one is empty, so that a file may end with a sentence.
    for number, (line, next_line) in enumerate(zip(lines, [*lines[1:], ""], strict=True), start=1):
        match = _SENTENCE.match(line)
        if not match:
            continue
        where = f"{path}, line {number}"
        relation = next_line.strip()
        if relation not in DIRECTED:
            near = nearest(relation, DIRECTED)
            hint = f"; did you mean {near}?" if near else " (is this the file with the answers?)"
            raise DataError(
                f"{where}: a relation must follow the sentence, and {relation!r} is none{hint}"
            )
        marked = tokenize_marked(match[2], where)
        yield MarkedSentence(
            marked.tokens, marked.first, marked.second, number=int(match[1]), relation=relation
        )


def tokenize_marked(text: str, where: str) -> MarkedTokens:
    """Divide a marked sentence into tokens.

    Args:
        text: The sentence with its marks; quotes around all of it are removed.
        where: Where the sentence stands, for messages.

    Raises:
        DataError: The marks are not one pair each of e1 and e2, one after the other, or there is
            nothing between a pair.

    Examples:
        >>> tokenize_marked("The <e1>child</e1> is in the <e2>cradle</e2>.", "line 1").second
        Span(start=5, stop=6)
    """
    return locate_marked(text, where).sentence


class LocatedTokens(NamedTuple):
    """The tokens of a sentence with their places in its text.

    Attributes:
        sentence: The tokens and the entities.
        places: Where each token begins and ends.
    """

    sentence: MarkedTokens
    places: list[tuple[int, int]]


def locate_marked(text: str, where: str) -> LocatedTokens:
    """Divide a marked sentence into tokens as `tokenize_marked` does, and find their places.

    Args:
        text: The sentence with its marks.
        where: Where the sentence stands, for messages.

    Raises:
        DataError: As of `tokenize_marked`.
    """
    begin, stop = _inside_quotes(text)
    inner = text[begin:stop]
    places: list[tuple[int, int]] = []
    spans: dict[str, Span] = {}
    opened: tuple[str, int] | None = None
    end = begin
    for mark in _MARK.finditer(text, begin, stop):
        places += _token_places(text, end, mark.start())
        end = mark.end()
        is_closing = mark[1] == "/"
        name = mark[2]
        if not is_closing and opened is None and name not in spans:
            opened = name, len(places)
        elif is_closing and opened is not None and opened[0] == name and len(places) > opened[1]:
            spans[name] = Span(opened[1], len(places))
            opened = None
        else:
            raise DataError(f"{where}: {mark[0]} stands where it cannot: {inner!r}")
    if opened is not None or len(spans) != 2:
        raise DataError(f"{where}: <e1>...</e1> and <e2>...</e2> are needed, once each: {inner!r}")
    places += _token_places(text, end, stop)
    tokens = tuple(text[first:last] for first, last in places)
    return LocatedTokens(MarkedTokens(tokens, spans["1"], spans["2"]), places)


def locate_plain(text: str) -> LocatedTokens | None:
    """Divide a sentence without marks into tokens; both entities are its first token.

    Returns:
        The tokens; None for a sentence that has marks, or no token.
    """
    if _MARK.search(text):
        return None
    places = _token_places(text, *_inside_quotes(text))
    tokens = tuple(text[first:last] for first, last in places)
    nowhere = Span(0, 1)
    return LocatedTokens(MarkedTokens(tokens, nowhere, nowhere), places) if tokens else None


def sentences_of(lines: Sequence[str]) -> list[str]:
    """Return the marked sentences of a file's lines: numbered ones, or every line that holds one.

    Relations and comments, which may follow numbered sentences, are left out.
    """
    matches = [match for line in lines if (match := _SENTENCE.match(line))]
    if matches:
        return [match[2] for match in matches]
    return [line.strip() for line in lines if line.strip()]


def _inside_quotes(text: str) -> tuple[int, int]:
    """Return where a sentence begins and ends within the quotes around all of it."""
    if len(text) > 1 and text[0] == text[-1] == '"':
        return 1, len(text) - 1
    return 0, len(text)


def _token_places(text: str, start: int, stop: int) -> list[tuple[int, int]]:
    return [match.span() for match in _TOKEN.finditer(text, start, stop)]
