"""Sentences with marked entities: every token once, entities where the marks were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from mtl_search.data.readers.semeval_text import (
    DIRECTED,
    UNDIRECTED,
    read_marked,
    tokenize_marked,
    undirected,
)
from mtl_search.errors import DataError


def _parts(text: str) -> tuple[list[str], list[str], list[str]]:
    marked = tokenize_marked(text, "here")
    spans = [list(marked.tokens[slice(*span)]) for span in (marked.first, marked.second)]
    return list(marked.tokens), spans[0], spans[1]


@pytest.mark.parametrize(
    ("text", "tokens", "first", "second"),
    [
        ('"The <e1>cat</e1> sat on the <e2>mat</e2>."', "The cat sat on the mat .", "cat", "mat"),
        ("a <e1>b</e1> <e2>c</e2>", "a b c", "b", "c"),
        # Sentences 213, 2740 and 6373 of the training file have marks without a blank beside them.
        ('"<e1>duel</e1> of doves<e2>moles</e2> numbering 22."',
         "duel of doves moles numbering 22 .", "duel", "moles"),
        ('"The<e1>staff</e1> in the <e2>shop</e2> are all"',
         "The staff in the shop are all", "staff", "shop"),
        ("<e1>claw</e1> of a<e2>bird</e2>", "claw of a bird", "claw", "bird"),
        ("<e1>ox cart</e1>'s <e2>my left-hander's</e2>",
         "ox cart ' s my left-hander's", "ox cart", "my left-hander's"),
        ('"He said "a <e1>b</e1>" and "<e2>c</e2>""', 'He said " a b " and " c "', "b", "c"),
        ("<e2>c</e2> before <e1>b</e1>", "c before b", "b", "c"),
        ("3.5 km/h of <e1>naïve-wind</e1>, <e2>$20</e2>",
         "3.5 km/h of naïve-wind , $ 20", "naïve-wind", "$ 20"),
    ],
)  # fmt: skip
def test_tokens_and_entities(text: str, tokens: str, first: str, second: str) -> None:
    assert _parts(text) == (tokens.split(), first.split(), second.split())


@pytest.mark.parametrize(
    "text",
    [
        "no marks at all",
        "<e1>a</e1> only one",
        "<e1>a</e1> twice <e1>b</e1> <e2>c</e2>",
        "<e1>a <e2>nested</e2></e1>",
        "<e1>a</e2> crossed <e2>b</e1>",
        "<e1>a</e1> open <e2>b",
        "<e1></e1> empty <e2>b</e2>",
        "</e1>a<e1> <e2>b</e2>",
    ],
)
def test_wrong_marks_are_named_with_their_place(text: str) -> None:
    with pytest.raises(DataError, match="file, line 7"):
        tokenize_marked(text, "file, line 7")


def test_relations_are_those_of_the_task() -> None:
    assert (len(DIRECTED), len(UNDIRECTED)) == (19, 10)
    assert {undirected(name) for name in DIRECTED} == set(UNDIRECTED)


def test_blocks_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "f.txt").write_bytes(
        b'7\t"<e1>a</e1> <e2>b</e2>"\r\nOther\r\nComment: 8\tno sentence\r\n\r\n'
        b'9\t"the <e1>c</e1> d <e2>e</e2>"\r\nCause-Effect(e2,e1)\r\nComment:\r\n'
    )
    assert [(s.number, s.relation, s.first, s.second) for s in read_marked(tmp_path / "f.txt")] == [
        (7, "Other", (0, 1), (1, 2)),
        (9, "Cause-Effect(e2,e1)", (1, 2), (3, 4)),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "has no sentence"),
        ('1\t"<e1>a</e1> <e2>b</e2>"\nCause-Effect(e1,e3)\n', "line 1.*did you mean Cause-Effect"),
        ('1\t"<e1>a</e1> <e2>b</e2>"\n\n2\t"<e1>a</e1> <e2>b</e2>"\n', "the file with the answers"),
        (
            '1\t"<e1>a</e1> <e2>b</e2>"\nOther\n\n1\t"<e1>a</e1> <e2>b</e2>"\nOther\n',
            "2 sentences and 1 numbers",
        ),
        ('1\t"<e1>a</e1> <e2>b</e2>"', "line 1: a relation must follow"),
    ],
)
def test_broken_files(content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "f.txt").write_text(content)
    with pytest.raises(DataError, match=message):
        read_marked(tmp_path / "f.txt")


def test_files_of_other_programs(tmp_path: Path) -> None:
    """With a byte order mark, ends of lines of Windows, blanks for a tab, a line separator."""
    sentences = ['1 "A <e1>b</e1> c <e2>d</e2>."', '2\t"E\u2028 <e1>f</e1>\x85 <e2>g</e2>."']
    text = "\r\n".join(f"{sentence}\r\nOther\r\nComment: 3 of 4\r\n" for sentence in sentences)
    (tmp_path / "f.txt").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert [(s.number, s.tokens) for s in read_marked(tmp_path / "f.txt")] == [
        (1, ("A", "b", "c", "d", ".")), (2, ("E", "f", "g", ".")),
    ]  # fmt: skip


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "f.txt").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "f.txt", tmp_path / "none.txt", tmp_path):
        with pytest.raises(DataError, match="cannot read"):
            read_marked(path)


def test_every_sentence_of_the_task_is_read(need_data: Callable[[str], Path]) -> None:
    folder = need_data("semeval2010_task8")
    train, test = (read_marked(folder / name) for name in ("TRAIN_FILE.TXT", "TEST_FILE_FULL.TXT"))
    assert [s.number for s in [*train, *test]] == list(range(1, 10718))
    assert (len(train), len(test)) == (8000, 2717)
    key = dict(line.split("\t") for line in (folder / "answer_keys.txt").read_text().splitlines())
    assert {str(s.number): s.relation for s in test} == key
    # Table 1 of the task's paper.
    assert Counter(undirected(s.relation) for s in train)["Other"] == 1410
    assert not [
        s
        for s in [*train, *test]
        for token in s.tokens
        if "<" in token or (">" in token and len(token) > 1)
    ]
