"""What is read from the source of a module agrees with what `inspect` says of the object."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

import pytest

from mtl_search.cli.listing import FAMILIES
from mtl_search.source import find_definition

MODULE = '''
"""A module that is read and never imported."""
import abc
from dataclasses import dataclass, field
from typing import ClassVar
from read_base import *
from read_base import SIZES as sizes

raise SystemExit("it was imported")

RATE = 0.5

def plain(a, /, b=RATE, *rest, c=sizes, d: int = len("x"), **more):
    """Take anything.

    More of it.
    """

@decorated
def wrapped(a): ...

class Child(Base):
    kinds = (*Base.kinds, "c")

class Bare(Child): ...

class Unknown(make_base()): ...

@dataclass(frozen=True)
class Fields:
    a: int
    b: list = field(default_factory=list)
    shared: ClassVar[int] = 3

@dataclass
class MoreFields(Fields):
    c: float = RATE

class Mixin:
    """Adds a method and has no constructor."""

class Mixed(Mixin, Base): ...

class Assigned(Base):
    __init__ = plain

class Sometimes(Base):
    if RATE:
        def __init__(self, other): ...

class Wrapped(Base):
    @decorated
    def __init__(self, other): ...

@decorated
class Decorated:
    kinds = ("d",)

@dataclass
class Tagged(Base):
    tag: str = ""

@dataclass
class Named:
    a: int
    _: KW_ONLY
    b: int = 1

@dataclass
class Made:
    a: int
    b: int = field(default=1, init=False)

@dataclass(init=False)
class Without(Base):
    a: int

Bare.__doc__ = "Bare it is." + " And more."
'''
BASE = '''
SIZES = (1, 2)

class Base:
    """The base."""

    kinds: tuple[str, ...] = ("a",) + ("b",)

    def __init__(self, width, *, depth=None): ...
'''


@pytest.fixture(autouse=True)
def _modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "read_only.py").write_text(MODULE)
    (tmp_path / "read_base.py").write_text(BASE)
    monkeypatch.syspath_prepend(tmp_path)


def parameters(name: str) -> str | None:
    definition = find_definition(f"read_only:{name}")
    found = None if definition is None else definition.parameters()
    return None if found is None else str(inspect.Signature(found))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("plain", "(a, /, b=0.5, *rest, c=(1, 2), d=len('x'), **more)"),
        ("Child", "(width, *, depth=None)"),
        ("Bare", "(width, *, depth=None)"),
        ("Fields", "(a, b=field(default_factory=list))"),
        ("MoreFields", "(a, b=field(default_factory=list), c=0.5)"),
        ("Base", "(width, *, depth=None)"),
        ("wrapped", None),
        ("Unknown", None),
        ("Mixin", "()"),
        ("Mixed", None),
        ("Assigned", None),
        ("Sometimes", None),
        ("Wrapped", None),
        ("Decorated", None),
        ("Tagged", None),
        ("Named", None),
        ("Made", None),
        ("Without", None),
        ("RATE", None),
        ("missing", None),
    ],
)
def test_parameters(name: str, expected: str | None) -> None:
    assert parameters(name) == expected
    assert "read_only" not in sys.modules


def test_docstrings_and_constants() -> None:
    plain, child, bare = (find_definition(f"read_only:{n}") for n in ("plain", "Child", "Bare"))
    assert plain is not None
    assert child is not None
    assert bare is not None
    assert plain.docstring().split("\n")[0] == "Take anything."
    assert (child.docstring(), bare.docstring()) == ("The base.", "Bare it is.")
    assert child.constant("kinds") == bare.constant("kinds") == ("a", "b", "c")
    with pytest.raises(LookupError):
        child.constant("colour")
    decorated = find_definition("read_only:Decorated")
    assert decorated is not None
    with pytest.raises(LookupError):  # the decorator may have changed it
        decorated.constant("kinds")


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    assert parameters("plain") is not None
    (tmp_path / "read_only.py").write_text("def other(x): ...")
    assert (parameters("plain"), parameters("other")) == (None, "(x)")


@pytest.mark.parametrize("family", FAMILIES)
def test_members_are_read_as_they_are(family: str) -> None:
    registry = FAMILIES[family].registry
    for name in registry:
        definition = registry.definition(name)
        if definition is None:
            continue  # the table holds the member itself
        member = registry[name]
        first_line = (inspect.getdoc(member) or "").split("\n")[0]
        assert definition.docstring().split("\n")[0] == first_line
        found = definition.parameters()
        assert found is not None, f"{family}: {name} cannot be read"
        actual = inspect.signature(member).parameters.values()
        # A class without a constructor of its own has that of torch's module, which takes anything.
        if not any(p.kind is p.VAR_POSITIONAL for p in actual):
            assert [(p.name, p.kind) for p in found] == [(p.name, p.kind) for p in actual]
            for read, real in zip(found, actual, strict=True):
                assert repr(read.default) == repr(real.default)
