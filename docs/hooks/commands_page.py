"""The reference of the command line, from the commands themselves."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterator
from typing import Any

import typer
from tables import code, table
from typer.core import TyperArgument, TyperGroup, TyperOption

from mtl_search.cli.app import app

_HEAD = """# Commands

`mtl-search COMMAND --help` prints the same on the terminal. Wrong input ends with exit status 2 and
one message; a sweep that cannot go on ends with 1, and one that was interrupted with 130.

"""


def page() -> str:
    """Write the page."""
    root = typer.main.get_command(app)
    context = root.make_context("mtl-search", [], resilient_parsing=True)
    assert isinstance(root, TyperGroup)
    return _HEAD + "".join(_sections(root, context))


def _sections(group: TyperGroup, context: typer.Context, prefix: str = "") -> Iterator[str]:
    """Write the section of each command of a group, and of the groups in it."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, TyperGroup):
            yield from _sections(command, context, f"{prefix}{name} ")
        elif command is not None and not command.hidden:
            yield _section(command, f"{prefix}{name}")


def _section(command: Any, name: str) -> str:
    text, _, examples = inspect.cleandoc(command.help or "").partition("For example:\n")
    arguments = [p for p in command.params if isinstance(p, TyperArgument)]
    options = [p for p in command.params if isinstance(p, TyperOption) and not p.hidden]
    usage = " ".join(
        ["mtl-search", name, *(_value(argument) for argument in arguments), "[OPTIONS]"]
    )
    parts = [f"## `{name}` {{ #{name.replace(' ', '-')} }}", f"```text\n{usage}\n```", text.strip()]
    rows = [[code(_value(argument)), "", argument.help or ""] for argument in arguments]
    rows += [_option(option) for option in options]
    parts.append(table(("argument or option", "default", "meaning"), rows) if rows else "")
    if examples:
        lines = textwrap.dedent(examples.strip("\n"))
        parts.append(f"For example:\n\n```shell\n{lines}\n```")
    return "\n\n".join(part for part in parts if part) + "\n\n"


def _value(argument: TyperArgument) -> str:
    """Write what stands for an argument, in brackets where it may be left out."""
    value = argument.metavar or str(argument.name).upper()
    if argument.nargs == -1:
        value += " ..."
    return value if argument.required else f"[{value}]"


def _option(option: TyperOption) -> list[str]:
    names = ", ".join(code(name) for name in option.opts)
    value = "" if option.is_flag else code(option.metavar or str(option.name).upper())
    default = (
        code(option.default) if option.show_default and option.default not in (None, False) else ""
    )
    return [f"{names} {value}", default, option.help or ""]
