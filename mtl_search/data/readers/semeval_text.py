"""Sentences with two marked entities and the relation between them, as SemEval-2010 Task 8 writes them.

    1   "The <e1>child</e1> was carefully wrapped into the <e2>cradle</e2> by means of a cord."
    Entity-Destination(e1,e2)
    Comment: whatever the annotator thought

I. Hendrickx and others, "SemEval-2010 Task 8: Multi-Way Classification of Semantic Relations Between Pairs of
Nominals", 2010, https://aclanthology.org/S10-1006. A number, a tab and the sentence in quotes; the relation, which a
file without answers leaves out; a comment; an empty line. Marks may stand without a blank beside them (sentence 213 of
the training file has `doves<e2>moles</e2>`), so a mark always ends a token.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

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
# Words with what joins their parts inside (left-hander's, 3.5, km/h), or any other character by itself.
_TOKEN = re.compile(r"\w+(?:[-'’.,/&]\w+)*|[^\w\s]")


@dataclass(frozen=True)
class MarkedSentence:
    """One sentence.

    Attributes:
        number: In its file.
        tokens: Words and punctuation, without the marks.
        first: Tokens of entity 1, from (included) and to (not included).
        second: Those of entity 2.
        relation: With its direction, such as `Cause-Effect(e2,e1)`.
    """

    number: int
    tokens: tuple[str, ...]
    first: tuple[int, int]
    second: tuple[int, int]
    relation: str

    @property
    def text(self) -> str:
        """The sentence without its marks, blanks or case: what two sentences have in common that are one."""
        return "".join(self.tokens).casefold()


def undirected(relation: str) -> str:
    """The relation without its direction."""
    return relation.partition("(")[0]


def read_marked(path: Path) -> list[MarkedSentence]:
    """All sentences of a file, in order.

    Raises:
        DataError: The file cannot be read, or a line is not as the module says; the message names it.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split(
            "\n"
        )  # other ends of lines may stand within a sentence
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {path}: {error}") from None
    sentences = list(_sentences(path, lines))
    if not sentences:
        raise DataError(
            f'{path} has no sentence, such as: 1<tab>"The <e1>child</e1> is in the <e2>cradle</e2>."'
        )
    numbers = {sentence.number for sentence in sentences}
    if len(numbers) < len(sentences):
        raise DataError(
            f"{path} has {len(sentences)} sentences and {len(numbers)} numbers: some stand there twice"
        )
    return sentences


def _sentences(path: Path, lines: list[str]) -> Iterator[MarkedSentence]:
    for at, line in enumerate(lines):
        found = _SENTENCE.match(line)
        if not found:
            continue
        place = f"{path}, line {at + 1}"
        relation = lines[at + 1].strip() if at + 1 < len(lines) else ""
        if relation not in DIRECTED:
            near = nearest(relation, DIRECTED)
            meant = f"; did you mean {near}?" if near else " (is this the file with the answers?)"
            raise DataError(
                f"{place}: a relation must follow the sentence, and {relation!r} is none{meant}"
            )
        tokens, spans = tokenize_marked(found[2], place)
        yield MarkedSentence(int(found[1]), tokens, spans[0], spans[1], relation)


def tokenize_marked(
    text: str, place: str
) -> tuple[tuple[str, ...], tuple[tuple[int, int], tuple[int, int]]]:
    """Tokens of a marked sentence, and where its two entities are among them.

    Args:
        text: With marks; quotes around the whole of it are taken off.
        place: Where it stands, for messages.

    Raises:
        DataError: The marks are not one pair each of e1 and e2, one after the other, or there is nothing inside.
    """
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1]
    tokens: list[str] = []
    spans: dict[str, tuple[int, int]] = {}
    opened: tuple[str, int] | None = None
    end = 0
    for mark in _MARK.finditer(text):
        tokens += _TOKEN.findall(text[end : mark.start()])
        end = mark.end()
        closing, name = mark[1], mark[2]
        if not closing and opened is None and name not in spans:
            opened = name, len(tokens)
        elif closing and opened is not None and opened[0] == name and len(tokens) > opened[1]:
            spans[name] = opened[1], len(tokens)
            opened = None
        else:
            raise DataError(f"{place}: {mark[0]} stands where it cannot: {text!r}")
    if opened is not None or len(spans) != 2:
        raise DataError(f"{place}: <e1>...</e1> and <e2>...</e2> are needed, once each: {text!r}")
    tokens += _TOKEN.findall(text[end:])
    return tuple(tokens), (spans["1"], spans["2"])
