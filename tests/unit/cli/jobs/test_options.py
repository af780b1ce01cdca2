"""Options of `submit` about the job itself, beside those of scripts and manifests."""

from __future__ import annotations

import typer

from mtl_search.cli.app import app

SUBMIT = typer.main.get_command(app).commands["submit"]  # type: ignore[attr-defined]
OPTIONS = [parameter for parameter in SUBMIT.params if parameter.opts[0].startswith("-")]


def test_each_option_says_what_it_is_for() -> None:
    for option in OPTIONS:
        assert option.help, option.opts
        assert option.help.endswith("."), option.opts


def test_no_flag_stands_for_two_options() -> None:
    flags = [flag for option in OPTIONS for flag in (*option.opts, *option.secondary_opts)]
    assert len(flags) == len(set(flags)) > 30
    assert {"--output", "-o", "--resume", "--include", "--no-wait", "--dry-run"} <= set(flags)
