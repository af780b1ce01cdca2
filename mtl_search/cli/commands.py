"""What new users type in place of a command line, and the line that they meant."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from typer.core import TyperCommand, TyperGroup

from mtl_search.config import Config
from mtl_search.errors import ConfigError

_ENDINGS = (".yaml", ".yml")


class Commands(TyperGroup):
    """The commands of the program; a config in the place of one is answered with the command."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the command that the first word names."""
        if args and args[0].endswith(_ENDINGS):
            meant = shlex.join(["mtl-search", "run", *args])
            raise ConfigError(f"a config is no command; did you mean `{meant}`?", value=args[0])
        return super().resolve_command(ctx, args)


class ConfigCommand(TyperCommand):
    """A command that takes a config; a key of it is written `path=value`, and is no option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the command line."""
        options = {name for parameter in self.params for name in parameter.opts}
        options |= set(ctx.help_option_names)
        before_end = args[: args.index("--")] if "--" in args else args
        for position, word in enumerate(before_end):
            option, equals, value = word.partition("=")
            key = option.removeprefix("--").replace("-", "_")
            if not option.startswith("--") or option in options or ctx.resilient_parsing:
                continue
            if path := _path_of(key):
                following = value if equals else " ".join(args[position + 1 : position + 2])
                raise ConfigError(
                    f"no option; a key of the config is written {path}={following or '...'}",
                    path=option,
                )
        return super().parse_args(ctx, args)


def _path_of(key: str) -> str | None:
    """Return the path of a key of the config, which may be written without its section."""
    paths = list(_paths(Config))
    if key in paths or any(key.startswith(f"{path}.") for path in paths):
        return key
    return next((path for path in paths if path.rsplit(".", 1)[-1] == key), None)


def _paths(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Yield the paths of a section's keys, those of inner sections after their own."""
    for name, field in model.model_fields.items():
        yield prefix + name
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _paths(field.annotation, f"{prefix}{name}.")
