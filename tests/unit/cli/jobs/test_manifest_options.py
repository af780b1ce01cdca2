"""Every option has an option of its own, and help."""

from __future__ import annotations

from typing import get_args

from mtl_search.cli.jobs import manifest_options

_OPTIONS = [
    get_args(alias)[1]
    for name, alias in vars(manifest_options).items()
    if name[0].isupper() and hasattr(alias, "__metadata__")
]


def test_no_two_options_have_the_same_name() -> None:
    names = [option.default for option in _OPTIONS]  # where `Annotated` has the first name
    assert all(name.startswith("--") for name in names)
    assert len(set(names)) == len(names) > 20


def test_every_option_has_help_that_is_a_sentence() -> None:
    assert [option.default for option in _OPTIONS if not option.help.endswith(".")] == []
