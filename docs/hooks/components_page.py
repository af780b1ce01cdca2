"""One page a family: each member of its table, with its docstring and its arguments."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from griffe import Docstring, DocstringSection, DocstringSectionKind
from tables import code, table

from mtl_search.cli.listing import FAMILIES
from mtl_search.models.heads import HEADS
from mtl_search.registry import Registry


def pages() -> dict[str, str]:
    """Write the page of each family."""
    return {name: _page(name, family.place, family.registry) for name, family in FAMILIES.items()}


def _page(family: str, where: str, registry: Registry[Any]) -> str:
    title = {"datasets": "Data sets"}.get(family, family.capitalize())
    key = where.partition(",")[0]
    head = f"# {title}\n\nChosen by name at `{key}`; `mtl-search list {family}` prints them.\n\n"
    if not callable(next(iter(registry.values()))):
        return head + _plain(registry)
    return head + "".join(_member(registry, name) for name in registry)


def _plain(registry: Registry[Any]) -> str:
    """Write a table of members that are data and not code: metrics."""
    directions = {True: "higher", False: "lower"}
    titles = ("name", "what it is", "heads", "better", "values", "left out where", "the same as")
    rows = (
        [
            code(name),
            m.summary,
            ", ".join(code(head) for head in HEADS if name in HEADS.constant(head, "metrics")),
            directions[m.higher_is_better],
            m.span,
            m.undefined,
            code(m.reference),
        ]
        for name, m in registry.items()
    )
    return table(titles, rows)


def _member(registry: Registry[Any], name: str) -> str:
    member = registry[name]
    meanings = dict(_meanings(member))
    rows = [
        [code(argument), _default(parameter), meanings.get(argument, "")]
        for argument, parameter in registry.arguments(name).items()
        if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
    ]
    arguments = table(("argument", "default", "meaning"), rows) if rows else ""
    return f"## `{name}` {{ #{name} }}\n\n{_text(member)}\n\n{arguments}\n"


def _default(parameter: inspect.Parameter) -> str:
    return "required" if parameter.default is parameter.empty else code(repr(parameter.default))


def _text(member: Any) -> str:
    """Take the docstring without its sections of arguments and errors."""
    sections = _sections(inspect.getdoc(member))
    return "\n\n".join(s.value for s in sections if s.kind is DocstringSectionKind.text)


def _meanings(member: Any) -> Iterator[tuple[str, str]]:
    """Yield each argument with its meaning; a class may take its arguments from a base."""
    sources = reversed(member.__mro__) if isinstance(member, type) else [member]
    for source in sources:
        for section in _sections(inspect.cleandoc(source.__doc__ or "")):
            if section.kind is DocstringSectionKind.parameters:
                yield from ((item.name, item.description) for item in section.value)


def _sections(docstring: str | None) -> list[DocstringSection]:
    # Types stand in the code, which a docstring by itself does not see.
    return Docstring(docstring or "").parse("google", warnings=False)
