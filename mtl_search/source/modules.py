"""Read modules: their files, their syntax trees, and where a name in one of them comes from."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path


@dataclass(frozen=True)
class Module:
    """The source of one module.

    Attributes:
        name: Its dotted name.
        tree: Its syntax tree.
        is_package: Whether it is the `__init__.py` of a package.
    """

    name: str
    tree: ast.Module
    is_package: bool

    def statements(self) -> Iterator[ast.stmt]:
        """Yield the statements at the top level, with those under `if TYPE_CHECKING:`."""
        for statement in self.tree.body:
            yield statement
            if isinstance(statement, ast.If) and ast.unparse(statement.test) == "TYPE_CHECKING":
                yield from statement.body

    def imported_names(self) -> list[str]:
        """List the names that the module imports from other modules."""
        return [
            alias.asname or alias.name
            for statement in self.statements()
            if isinstance(statement, ast.ImportFrom)
            for alias in statement.names
        ]


def read_module(name: str) -> Module | None:
    """Read the source of a module; None when it has none."""
    path = find_file(name)
    return None if path is None else _parsed(name, path, path.stat().st_mtime_ns)


def find_file(name: str) -> Path | None:
    """Find the `.py` file of a module without importing the packages above it.

    Returns:
        The path; None when there is no such file.
    """
    top, *rest = name.split(".")
    try:
        spec = find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    if not rest:
        candidates = [Path(spec.origin)] if spec.origin else []
    else:
        stems = [Path(place, *rest) for place in spec.submodule_search_locations or ()]
        candidates = [stem.with_name(f"{stem.name}.py") for stem in stems]
        candidates += [stem / "__init__.py" for stem in stems]
    return next((path for path in candidates if path.suffix == ".py" and _is_file(path)), None)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is too long for the file system
        return False


@lru_cache(maxsize=256)
def _parsed(name: str, path: Path, changed: int) -> Module | None:
    """Parse a file; its time of change keeps an older content in the cache from being taken."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None
    return Module(name, tree, path.name == "__init__.py")


def follow_name(module: Module, name: str, steps: int = 10) -> tuple[Module, ast.stmt | None]:
    """Follow a name through imports to the module and the statement that bind it."""
    statement = _binding(module, name)
    if isinstance(statement, ast.ImportFrom):
        imports = [statement]
        name = next(a.name for a in statement.names if (a.asname or a.name) == name)
    elif statement is None:
        imports = [
            other
            for other in module.statements()
            if isinstance(other, ast.ImportFrom) and other.names[0].name == "*"
        ]
    else:
        return module, statement
    for other in imports if steps else []:
        source = read_module(_imported_module(other, module))
        if source is not None:
            home, found = follow_name(source, name, steps - 1)
            if found is not None:
                return home, found
    return module, None


def _binding(module: Module, name: str) -> ast.stmt | None:
    """Find the last statement at the top level of a module that binds a name."""
    bound = None
    for statement in module.statements():
        match statement:
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                names = [statement.name]
            case ast.ImportFrom():
                names = [alias.asname or alias.name for alias in statement.names]
            case _:
                names = [assigned_name(statement)]
        if name in names:
            bound = statement
    return bound


def _imported_module(statement: ast.ImportFrom, module: Module) -> str:
    """Return the absolute name of the module that a statement imports from."""
    if not statement.level:
        return statement.module or ""
    parts = module.name.split(".")
    # One dot stands for the package itself, which is the module where it is an `__init__.py`.
    depth = len(parts) - statement.level + module.is_package
    return ".".join([*parts[:depth], *([statement.module] if statement.module else [])])


def assigned_name(statement: ast.stmt) -> str:
    """Return the only name that an assignment binds, or an empty text."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return str(name)
    return ""


def assigned_value(statement: ast.stmt | None) -> ast.expr | None:
    """Return what a statement assigns; None where it is no assignment."""
    return statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
