"""Measures of the source code: size, density, text and layout, as a table.

    .venv/bin/python -m tests.code_measures [FOLDER ...]

A FOLDER is a checkout of this project; default: this one. Several stand side by side, such as the
code before and after a change. `tests/unit/test_layout.py` holds limits with the same functions.

How each row is counted, over all files of `mtl_search` together:

Lines of source: physical lines with a token on them that is neither a comment nor part of a
docstring.
Statements: every `ast.stmt`, docstrings and imports included. Ternaries are `ast.IfExp`.
Comprehensions are those of lists, sets and dicts, and generator expressions.
D401: hits of ruff's rule alone, with Google's convention, without the project's own settings.
Lines over 100 columns: counted in characters, among all physical lines.
Fragments: entries of `Args:` and `Attributes:` whose description opens with one of
`FRAGMENT_OPENINGS`, such as "Of the sweep.", which has no subject. "At least" and "At most" are
no such opening.
Comments: comment tokens, those at the end of a line included, for every 100 lines that are not
blank.
Tests at the mirrored path: modules `mtl_search/<folder>/<name>.py` that have
`tests/unit/<folder>/test_<name>.py`. `__init__.py` is not counted.
Modules in one folder: files `.py` of the fullest folder, without its `__init__.py` and without its
subfolders.
Imports of one file: different modules that the file with the most of them names in its import
statements.
Import cycles: groups of modules that all import each other, directly or through others. Imports in
functions and under `TYPE_CHECKING` count; that a module loads the packages around it does not.
"""

from __future__ import annotations

import argparse
import ast
import io
import json
import re
import shutil
import subprocess
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGE = "mtl_search"
COLUMNS = 100

PREPOSITIONS = "Of From For In On With By To At As"
FRAGMENT_OPENINGS = (*PREPOSITIONS.split(), "The same")
_FRAGMENT = re.compile(rf"(?!At (least|most)\b)({'|'.join(FRAGMENT_OPENINGS)})\b")
_SECTION = re.compile(r"(?P<title>[A-Z]\w*):$")
_ENTRY = re.compile(r" {4}(?P<names>\*{0,2}\w+(, \*{0,2}\w+)*)( \(.*?\))?: (?P<text>.*)$")

_Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_LAYOUT_TOKENS = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


@dataclass(frozen=True)
class SourceFile:
    """One Python file.

    Attributes:
        path: The file, relative to its checkout.
        text: The content of the file.
    """

    path: Path
    text: str

    @cached_property
    def lines(self) -> list[str]:
        """All physical lines."""
        return self.text.splitlines()

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text, str(self.path))

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """All nodes of the syntax tree."""
        return list(ast.walk(self.tree))

    @cached_property
    def tokens(self) -> list[tokenize.TokenInfo]:
        """All tokens, comments included."""
        return list(tokenize.generate_tokens(io.StringIO(self.text).readline))

    @property
    def module(self) -> str:
        """The dotted name; that of the package for an `__init__.py`."""
        parts = self.path.with_suffix("").parts
        return ".".join(parts[:-1] if self.is_init else parts)

    @property
    def is_init(self) -> bool:
        """Whether this is the `__init__.py` of a package."""
        return self.path.name == "__init__.py"


def read_sources(checkout: Path, folder: str = PACKAGE) -> list[SourceFile]:
    """Read every Python file of a folder, sorted by path."""
    files = sorted((checkout / folder).rglob("*.py"))
    return [
        SourceFile(file.relative_to(checkout), file.read_text(encoding="utf-8")) for file in files
    ]


# --------------------------------------------------------------------------------------------- size


def count_code_lines(source: SourceFile) -> int:
    """Count the lines that hold code: no comment, docstring or blank line."""
    with_code = {
        line
        for token in source.tokens
        if token.type not in _LAYOUT_TOKENS
        for line in range(token.start[0], token.end[0] + 1)
    }
    return len(with_code - _docstring_lines(source))


def _docstring_lines(source: SourceFile) -> set[int]:
    lines: set[int] = set()
    for node in source.nodes:
        if isinstance(node, _Documented) and ast.get_docstring(node) is not None:
            docstring = node.body[0]
            assert docstring.end_lineno is not None
            lines.update(range(docstring.lineno, docstring.end_lineno + 1))
    return lines


def count_nodes(source: SourceFile, kind: type[ast.AST] | tuple[type[ast.AST], ...]) -> int:
    """Count the nodes of one or of several kinds."""
    return sum(isinstance(node, kind) for node in source.nodes)


# --------------------------------------------------------------------------------------------- text


def long_lines(source: SourceFile, limit: int = COLUMNS) -> list[str]:
    """List the lines above the limit, as `path:line`."""
    numbered = enumerate(source.lines, start=1)
    return [f"{source.path}:{number}" for number, line in numbered if len(line) > limit]


def count_comments(source: SourceFile) -> int:
    """Count the comments, those at the end of a line included."""
    return sum(token.type == tokenize.COMMENT for token in source.tokens)


@dataclass(frozen=True)
class DocumentedName:
    """One entry of `Args:` or `Attributes:`.

    Attributes:
        where: The file and the line of the definition that has the docstring.
        names: The name, or the names that share the entry.
        text: The description, its first line alone.
    """

    where: str
    names: str
    text: str

    @property
    def is_fragment(self) -> bool:
        """Whether the description opens like a sentence without its beginning."""
        return _FRAGMENT.match(self.text) is not None

    def __str__(self) -> str:
        return f"{self.where} {self.names}: {self.text}"


def documented_names(source: SourceFile) -> Iterator[DocumentedName]:
    """Yield the entries of `Args:` and `Attributes:` of every docstring of a file."""
    for node in source.nodes:
        docstring = ast.get_docstring(node) if isinstance(node, _Documented) else None
        where = f"{source.path}:{getattr(node, 'lineno', 1)}"
        for names, text in _entries(docstring or ""):
            yield DocumentedName(where, names, text)


def _entries(docstring: str) -> Iterator[tuple[str, str]]:
    section = None
    for line in docstring.splitlines():
        if line and not line.startswith(" "):
            title = _SECTION.match(line)
            section = title["title"] if title else None
        elif section in ("Args", "Attributes") and (entry := _ENTRY.match(line)):
            yield entry["names"], entry["text"]


def moodless_docstrings(checkout: Path) -> list[str]:
    """List the docstrings of the package whose first line is not imperative, by ruff's D401."""
    beside = Path(sys.executable).with_name("ruff")
    ruff = str(beside) if beside.exists() else shutil.which("ruff")
    if ruff is None:
        raise FileNotFoundError("ruff is neither beside this Python nor on the PATH")
    command = [ruff, "check", PACKAGE, "--isolated", "--no-cache", "--exit-zero"]
    command += ["--select", "D401", "--config", 'lint.pydocstyle.convention="google"']
    command += ["--output-format", "json"]
    output = subprocess.run(command, cwd=checkout, check=True, capture_output=True, text=True)
    root = checkout.resolve()
    return [
        f"{Path(hit['filename']).relative_to(root)}:{hit['location']['row']}"
        for hit in json.loads(output.stdout)
    ]


# ------------------------------------------------------------------------------------------- layout


def modules_by_folder(sources: Sequence[SourceFile]) -> Counter[Path]:
    """Count the modules of every folder, `__init__.py` and subfolders left out."""
    return Counter(source.path.parent for source in sources if not source.is_init)


def mirrored_test(source: SourceFile) -> Path:
    """Give the path of the test that mirrors a module, relative to the checkout."""
    return Path("tests", "unit", *source.path.parent.parts[1:], f"test_{source.path.name}")


def modules_without_test(checkout: Path, sources: Sequence[SourceFile]) -> list[str]:
    """List the modules without a test at the mirrored path."""
    return [
        source.module
        for source in sources
        if not source.is_init and not (checkout / mirrored_test(source)).exists()
    ]


def imported_names(source: SourceFile) -> Iterator[tuple[str, str | None]]:
    """Yield (module, name imported from it); the name is None for `import module`."""
    package = source.module.split(".") if source.is_init else source.module.split(".")[:-1]
    for node in source.nodes:
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            around = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*around, *([node.module] if node.module else [])])
            yield from ((module, alias.name) for alias in node.names)


def count_imported_modules(source: SourceFile) -> int:
    """Count the different modules that a file names in its import statements."""
    return len({module for module, _ in imported_names(source)})


def import_graph(sources: Sequence[SourceFile]) -> dict[str, set[str]]:
    """Map every module to the modules among these that it imports."""
    modules = {source.module for source in sources}
    return {
        source.module: set(_imports_among(modules, source)) - {source.module} for source in sources
    }


def _imports_among(modules: set[str], source: SourceFile) -> Iterator[str]:
    for module, name in imported_names(source):
        if f"{module}.{name}" in modules:
            yield f"{module}.{name}"
        elif module in modules:
            yield module


def import_cycles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """List the groups of modules that all reach each other, each sorted."""
    reached = {module: _reachable(graph, module) for module in graph}
    groups = {
        frozenset(other for other in reached[module] if module in reached[other])
        for module in graph
        if module in reached[module]
    }
    return sorted(sorted(group) for group in groups)


def _reachable(graph: Mapping[str, set[str]], start: str) -> set[str]:
    reached: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        module = waiting.pop()
        if module not in reached:
            reached.add(module)
            waiting.extend(graph[module])
    return reached


# -------------------------------------------------------------------------------------------- table


def measure(checkout: Path) -> dict[str, str]:
    """Measure one checkout: the title of a row → its figure."""
    sources = read_sources(checkout)
    return {**_size(sources), **_text(checkout, sources), **_layout(checkout, sources)}


def _size(sources: Sequence[SourceFile]) -> dict[str, str]:
    statements = sum(count_nodes(source, ast.stmt) for source in sources)
    ternaries = sum(count_nodes(source, ast.IfExp) for source in sources)
    comprehensions = sum(count_nodes(source, _Comprehension.__args__) for source in sources)
    return {
        "files": str(len(sources)),
        "lines of source": str(sum(map(count_code_lines, sources))),
        "statements": str(statements),
        "ternaries per 1,000 statements": f"{1000 * ternaries / statements:.1f}",
        "comprehensions per 1,000 statements": f"{1000 * comprehensions / statements:.1f}",
    }


def _text(checkout: Path, sources: Sequence[SourceFile]) -> dict[str, str]:
    lines = sum(len(source.lines) for source in sources)
    filled = sum(bool(line.strip()) for source in sources for line in source.lines)
    too_long = sum(len(long_lines(source)) for source in sources)
    entries = [entry for source in sources for entry in documented_names(source)]
    fragments = sum(entry.is_fragment for entry in entries)
    return {
        "D401 hits": str(len(moodless_docstrings(checkout))),
        f"lines over {COLUMNS} columns": _share(too_long, lines),
        "fragments in Args and Attributes": _share(fragments, len(entries)),
        "comments per 100 lines": f"{100 * sum(map(count_comments, sources)) / filled:.1f}",
    }


def _layout(checkout: Path, sources: Sequence[SourceFile]) -> dict[str, str]:
    modules = sum(not source.is_init for source in sources)
    without = len(modules_without_test(checkout, sources))
    folder, most = modules_by_folder(sources).most_common(1)[0]
    widest = max(sources, key=count_imported_modules)
    return {
        "tests at the mirrored path": _share(modules - without, modules),
        "modules in one folder, most": f"{most} ({folder.name})",
        "imports of one file, most": f"{count_imported_modules(widest)} ({widest.path.stem})",
        "import cycles": str(len(import_cycles(import_graph(sources)))),
    }


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({100 * part / max(whole, 1):.1f} %)"


def table(folders: Sequence[Path]) -> str:
    """Write the measures of several checkouts side by side, as a table in Markdown."""
    columns = [measure(folder) for folder in folders]
    rows = [["", *(folder.resolve().name for folder in folders)], ["---"] * (len(folders) + 1)]
    rows += [[title, *(column[title] for column in columns)] for title in columns[0]]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main() -> None:
    """Print the table of the folders on the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", type=Path, default=[REPOSITORY], metavar="FOLDER")
    print(table(parser.parse_args().folders))  # noqa: T201  # a script prints its figures


if __name__ == "__main__":
    main()
