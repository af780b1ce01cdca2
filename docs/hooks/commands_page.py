"""The reference of the command line, from the commands themselves."""

from __future__ import annotations

import inspect
import textwrap
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
    commands = {name: root.get_command(context, name) for name in root.list_commands(context)}
    return _HEAD + "".join(
        _section(command, name) for name, command in commands.items() if command is not None
    )


def _section(command: Any, name: str) -> str:
    text, _, examples = inspect.cleandoc(command.help or "").partition("For example:\n")
    arguments = [p for p in command.params if isinstance(p, TyperArgument)]
    options = [p for p in command.params if isinstance(p, TyperOption) and not p.hidden]
    usage = " ".join(
        ["mtl-search", name, *(_value(argument) for argument in arguments), "[OPTIONS]"]
    )
    parts = [f"## `{name}` {{ #{name} }}", f"```text\n{usage}\n```", text.strip()]
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
