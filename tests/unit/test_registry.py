"""Registries: explicit tables, references, building, and what is said when a name is wrong."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from mtl_search.cli.listing import FAMILIES
from mtl_search.errors import ConfigError
from mtl_search.registry import (
    Registry,
    Settings,
    import_attribute,
    join_path,
)


def small(width: int, *, rate: float = 0.5, given: int = 0) -> None:
    """Takes a width."""


def open_ended(*args: int, needed: int, **more: int) -> None:
    """Takes anything."""


PARTS: Registry[Any] = Registry("part", {"small": small, "open": open_ended}, given=("given",))
HERE = "tests.unit.test_registry"


def message(call: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        call()
    return str(caught.value)


def test_a_registry_is_a_read_only_mapping() -> None:
    assert isinstance(PARTS, Mapping)
    assert (list(PARTS), len(PARTS), "small" in PARTS, "x" in PARTS) == (
        ["small", "open"],
        2,
        True,
        False,
    )
    assert PARTS["small"] is small
    assert not hasattr(PARTS, "__setitem__")


def test_a_registry_does_not_share_the_given_table() -> None:
    table: dict[str, Any] = {"small": small}
    made: Registry[Any] = Registry("part", table)
    table["late"] = small
    assert "late" not in made


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    text = message(lambda: PARTS.get_member("smal", "model.part"))
    assert text.startswith("model.part: there is no part of this name")
    assert "value:    'smal'" in text
    assert "allowed:  small, open" in text
    assert "did you mean 'small'?" in text


def test_members_of_the_user_are_imported() -> None:
    assert PARTS.get_member(f"{HERE}:small") is small
    assert list(PARTS.arguments(f"{HERE}:small")) == ["width", "rate"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no.such.module:x", "cannot import module 'no.such.module' (ModuleNotFoundError"),
        (":x", "cannot import module ''"),
        (".relative:x", "cannot import module '.relative'"),
        ("tests.unit.broken_module:x", "cannot import module"),
        (f"{HERE}:smal", "has no attribute 'smal'"),
        (f"{HERE}:", "has no attribute ''"),
    ],
)
def test_a_member_that_cannot_be_imported(name: str, words: str) -> None:
    text = message(lambda: import_attribute(name, "a.b"))
    assert text.startswith("a.b: ")
    assert words in text


def test_a_module_that_ends_the_program_ends_in_a_message(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "quits_at_import.py").write_text("raise SystemExit(3)")
    monkeypatch.syspath_prepend(tmp_path)
    assert "(SystemExit: 3)" in message(lambda: import_attribute("quits_at_import:x"))


def test_arguments_that_are_given_are_not_the_users() -> None:
    assert list(PARTS.arguments("small")) == ["width", "rate"]
    PARTS.check_arguments("small", {"width": 3, "rate": 0.1})
    assert message(
        lambda: PARTS.check_arguments("small", {"width": 3, "given": 1}, "p")
    ).startswith("p.given: ")


def test_wrong_and_missing_arguments() -> None:
    text = message(lambda: PARTS.check_arguments("small", {"width": 3, "rat": 0.1}, "model.part"))
    assert text.startswith("model.part.rat: part 'small' has no such argument")
    assert "did you mean 'rate'?" in text
    assert "needs 'width'" in message(lambda: PARTS.check_arguments("small", {}))


def test_a_member_that_takes_anything_takes_anything_but_lacks_what_it_needs() -> None:
    PARTS.check_arguments("open", {"needed": 1, "else": 2})
    assert "needs 'needed'" in message(lambda: PARTS.check_arguments("open", {"else": 2}))


@pytest.mark.parametrize("name", [f"{HERE}:HERE", "builtins:type"])
def test_what_has_no_readable_arguments_is_refused(name: str) -> None:
    assert "a part is a class or a function" in message(
        lambda: PARTS.check_arguments(name, {}, "p")
    )


def test_paths_are_joined_by_dots() -> None:
    assert (join_path("a.b", "c"), join_path("", "c")) == ("a.b.c", "c")


@pytest.mark.parametrize("family", FAMILIES)
def test_every_member_says_what_it_is(family: str) -> None:
    members = FAMILIES[family].registry
    assert len(members) > 0
    for name in members:
        assert name == name.strip().lower()
        if callable(members[name]):
            first = (inspect.getdoc(members[name]) or "").split("\n")[0]
            assert len(first) > 10, f"{family}: {name} has no docstring"
            for argument in members.arguments(name):
                assert argument.isidentifier()


LAZY: Registry[Any] = Registry(
    "number", {"ratio": "fractions:Fraction", "text": "builtins:str"}, base="numbers:Number"
)


class Later(Settings):
    """Builds a number when it is asked to."""

    def __init__(self, value: object) -> None:
        self.value = value

    def create(self) -> Any:
        return int(self.value)  # type: ignore[call-overload]


def test_a_reference_is_imported_when_it_is_asked_for() -> None:
    program = (
        "import sys; from mtl_search.registry import Registry\n"
        "r = Registry('thing', {'a': 'wave:open'})\n"
        "r.check_arguments('a', {'f': 1}); r.summary('a'); assert 'wave' not in sys.modules\n"
        "r['a']; assert 'wave' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_build_calls_the_member_and_checks_what_it_gives() -> None:
    assert LAZY.build("ratio", {"numerator": 1}, "x.number") == 1
    text = message(lambda: LAZY.build(f"{HERE}:Later", {"value": "x"}, "x.number"))
    assert text.startswith("x.number: cannot build number")
    assert "(ValueError: invalid literal" in text
    text = message(lambda: LAZY.build(f"{HERE}:message", {"call": small}, "x.number"))
    assert "cannot build number" in text
    text = message(lambda: LAZY.build(f"{HERE}:small", {"width": 1}, "x.number"))
    assert text.startswith("x.number.name: this gives a NoneType; a numbers.Number is needed")


def test_settings_are_prepared_without_being_created() -> None:
    prepared = LAZY.prepare(f"{HERE}:Later", {"value": "x"}, "x.number")
    assert isinstance(prepared, Later)
    assert LAZY.build(f"{HERE}:Later", {"value": "3"}, "x.number") == 3


def test_an_error_of_the_config_passes_as_it_is() -> None:
    def refuse() -> None:
        raise ConfigError("too small", path="width")

    registry: Registry[Any] = Registry("part", {"refuse": refuse})
    assert message(lambda: registry.build("refuse", {}, "p")) == "width: too small"


def test_a_constant_that_is_missing_makes_it_no_member() -> None:
    text = message(lambda: LAZY.constant("ratio", "metrics", "p"))
    assert text.startswith("p.name: this is no number, it has no attribute 'metrics'")
