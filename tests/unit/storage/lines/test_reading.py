"""A damaged journal is refused with the line's number, and never read as another one."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mtl_search.errors import SweepError
from mtl_search.storage.journal import Journal, read_events, read_record
from mtl_search.storage.lines.order import FORMAT
from mtl_search.storage.lines.reading import numbered_events

SWEEPS = Path("tests/fixtures/sweeps")
OLD = (SWEEPS / "v0_1_population" / "journal.jsonl").read_bytes()
BEGIN = {"event": "sweep", "time": 1.0, "id": "ab12", "name": "toy"}
END = {"event": "done", "time": 2.0}

Lines = list[bytes]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The same sweep as this version writes it."""
    path = tmp_path_factory.mktemp("new") / "journal.jsonl"
    journal = Journal(path)
    for event in read_events(SWEEPS / "v0_1_population" / "journal.jsonl"):
        journal.write(event)
    journal.close()
    return path.read_bytes()


def dumped(*lines: Any) -> bytes:
    return b"".join(
        (line if isinstance(line, str) else json.dumps(line)).encode() + b"\n" for line in lines
    )


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([BEGIN, "{"], "line 2: .*no JSON at column 2"),
        ([BEGIN, "3"], "line 2: .*an event is needed"),
        ([BEGIN, {"event": 3}], "line 2: .*an event is needed"),
        ([BEGIN, "[" * 100_000], "line 2: .*very deep"),
        ([BEGIN, '{"event": "done", "time": NaN}'], "line 2: .*finite number is needed, not NaN"),
        ([BEGIN, '{"event": "done", "time": 1e999}'], "line 2: .*time: a finite number"),
        ([BEGIN, '{"event": "done", "time": ' + "9" * 5000 + "}"], "line 2: .*digits"),
        ([BEGIN, '{"event": "done", "time": 1, "time": 2}'], "line 2: .*a key stands there twice"),
        ([BEGIN, '{"event": "done\\ud800", "time": 1}'], "line 2: .*not UTF-8"),
        ([BEGIN, {"event": "dome", "time": 1}], "line 2: .*there is no event 'dome'"),
        ([BEGIN, {**END, "sky": 1}], "line 2: .*an event 'done' has no 'sky'"),
        ([BEGIN, {"event": "done"}], "line 2: .*'time' is missing"),
        ([BEGIN, {**END, "time": "now"}], "line 2: .*time: a number is needed, not 'now'"),
        ([BEGIN, {"event": "scales", "time": 1, "values": {"a/b": [1]}}], "line 2: .*values, a/b"),
        ([{**BEGIN, "name": "../up"}], "line 1: .*'../up' cannot name a folder"),
        ([END], "line 1: .*begins with the event 'sweep'"),
    ],
)
def test_a_damaged_line_is_named(path: Path, lines: list[Any], said: str) -> None:
    content = dumped(*lines)
    path.write_bytes(content)
    for read in (read_record, read_events, Journal):
        with pytest.raises(SweepError, match=f"journal.jsonl, {said}.*nothing was written"):
            read(path)
    assert path.read_bytes() == content


def test_a_later_version_is_asked_for(path: Path) -> None:
    path.write_bytes(dumped({**BEGIN, "format": FORMAT + 1, "id": ["of another kind"]}))
    with pytest.raises(SweepError, match=r"line 1: a later version of mtl_search .*to read it$"):
        read_record(path)


def test_binary_junk_and_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "junk").write_bytes(random.Random(0).randbytes(5000))
    with pytest.raises(SweepError, match="line 1: not a journal"):
        list(numbered_events(tmp_path / "junk"))
    with pytest.raises(SweepError, match=f"{tmp_path} cannot be read: Is a directory"):
        list(numbered_events(tmp_path))


def test_a_session_of_an_earlier_version_may_follow(path: Path, new: bytes) -> None:
    begin = json.loads(OLD.splitlines()[0])
    path.write_bytes(new + dumped(begin, END))
    assert read_record(path).sessions == 2
    journal = Journal(path)  # today's version goes on with it
    (event,) = [event for event in read_events(path) if event.kind == "done"][-1:]
    journal.write(event)
    journal.close()
    assert len(read_events(path)) == len(new.splitlines()) + 3
    path.write_bytes(new + dumped(END))
    with pytest.raises(SweepError, match="has no checksum, which the lines before it have"):
        read_record(path)


def facts(path: Path) -> Any:
    record = read_record(path)
    return [record.id, record.budget, record.scales, record.generations, record.complete, *record]


def facts_or_error(path: Path) -> Any:
    try:
        return facts(path)
    except SweepError as error:
        return str(error)


def swap(lines: Lines, one: random.Random) -> Lines:
    a, b = sorted(one.sample(range(len(lines)), 2))
    return [*lines[:a], lines[b], *lines[a + 1 : b], lines[a], *lines[b + 1 :]]


def drop(lines: Lines, one: random.Random) -> Lines:
    a = one.randrange(len(lines) - 1)  # without the last it is a sweep that was killed
    return lines[:a] + lines[a + 1 :]


def double(lines: Lines, one: random.Random) -> Lines:
    a = one.randrange(len(lines))
    return [*lines[: a + 1], *lines[a:]]


def flip_a_bit(lines: Lines, one: random.Random) -> Lines:
    content = bytearray(b"\n".join(lines))
    content[one.randrange(len(content))] ^= 1 << one.randrange(8)
    return bytes(content).split(b"\n")


def move_a_piece(lines: Lines, one: random.Random) -> Lines:
    content = b"\n".join(lines)
    a, b = sorted(one.sample(range(len(content)), 2))
    at = one.randrange(len(content))
    return (content[:at] + content[a:b] + content[at:]).split(b"\n")


def another_digit(lines: Lines, one: random.Random) -> Lines:
    a = one.randrange(len(lines))
    digits = [i for i, byte in enumerate(lines[a]) if 48 <= byte < 58]
    at = one.choice(digits)
    digit = b"%d" % ((lines[a][at] - 48 + one.randrange(1, 10)) % 10)
    return [*lines[:a], lines[a][:at] + digit + lines[a][at + 1 :], *lines[a + 1 :]]


@pytest.mark.parametrize("mutate", [swap, drop, double, flip_a_bit, move_a_piece, another_digit])
def test_whatever_happens_to_a_journal_is_seen(
    path: Path, new: bytes, mutate: Callable[[Lines, random.Random], Lines]
) -> None:
    path.write_bytes(new)
    right = facts(path)
    lines = new.split(b"\n")[:-1]
    refused = 0
    for seed in range(25):
        mutated = b"\n".join(mutate(lines, random.Random(seed))) + b"\n"
        path.write_bytes(mutated)
        found = facts_or_error(path)
        refused += isinstance(found, str)
        assert found == right or str(found).startswith(f"{path}, line ")
        assert path.read_bytes() == mutated
    assert refused >= 24  # two of the same lines may have changed places


def wrong_type(line: dict[str, Any], one: random.Random) -> dict[str, Any]:
    """Put a value of another type somewhere into a line."""
    node: Any = line
    key = one.choice([key for key in line if key not in ("info", "params", "overrides")])
    while isinstance(node[key], dict) and node[key]:
        node = node[key]
        key = one.choice(list(node))
    wrong: list[Any] = [[[]], {"a": []}, None, float("nan"), float("inf")]
    wrong.append(0.5 if isinstance(node[key], str) else "0.5")
    node[key] = one.choice(wrong)
    return line


def another_key(line: dict[str, Any], one: random.Random) -> dict[str, Any]:
    """Misspell the name of a field."""
    key = one.choice(list(line))
    return {f"{name}x" if name == key else name: value for name, value in line.items()}


@pytest.mark.parametrize("mutate", [wrong_type, another_key])
def test_types_and_names_are_checked_where_there_is_no_checksum(
    path: Path, mutate: Callable[[dict[str, Any], random.Random], dict[str, Any]]
) -> None:
    lines = OLD.split(b"\n")[:-1]
    for seed in range(60):
        one = random.Random(seed)
        number = one.randrange(len(lines))
        changed = json.dumps(mutate(json.loads(lines[number]), one)).encode()
        path.write_bytes(b"\n".join([*lines[:number], changed, *lines[number + 1 :]]) + b"\n")
        with pytest.raises(SweepError, match=f"line {number + 1}: not a journal"):
            read_record(path)


@pytest.mark.parametrize("mutate", [swap, drop, double])
def test_doubled_and_moved_lines_are_seen_without_a_checksum(
    path: Path, mutate: Callable[[Lines, random.Random], Lines]
) -> None:
    """As far as they begin or end a trial: epochs of an earlier version may be missing."""
    kinds = (b'"trial"', b'"end"')
    lines = [line for line in OLD.split(b"\n") if any(kind in line[:20] for kind in kinds)]
    head = OLD.split(b"\n")[:1]
    refused = 0
    for seed in range(20):
        path.write_bytes(b"\n".join([*head, *mutate(lines, random.Random(seed))]) + b"\n")
        try:
            read_record(path)
        except SweepError as error:
            refused += "line " in str(error)
    assert refused >= (20 if mutate is double else 5)


def test_a_doubled_file_and_another_sweeps_lines(path: Path) -> None:
    other = (SWEEPS / "v0_1_finished" / "journal.jsonl").read_bytes()
    path.write_bytes(OLD + OLD)
    number = OLD.count(b"\n") + 2
    with pytest.raises(SweepError, match=f"line {number}: .*has begun before: lines are doubled"):
        read_record(path)
    path.write_bytes(OLD + other)
    with pytest.raises(SweepError, match=f"line {number - 1}: .*it is of another sweep"):
        read_record(path)
    path.write_bytes(b"\n".join(OLD.split(b"\n")[1:]))
    with pytest.raises(SweepError, match=r"line 1: .*begins with the event 'sweep'"):
        read_record(path)
