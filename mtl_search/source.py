"""Read what a class or a function says of itself from its source, without importing it.

Importing a head, an optimizer or a scheduler loads torch or Ray, which takes seconds. Its
docstring, its parameters and the constants of a class stand in its file, where `ast` finds them
within milliseconds.

What the source alone does not tell (decorators, metaclasses, computed base classes, modules without
a `.py` file) is answered by None; the caller then imports the object and asks `inspect`.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

# Bases whose own constructor takes no argument that a config could set.
_PLAIN_BASES = frozenset({"object", "ABC", "abc.ABC", "Protocol", "nn.Module", "torch.nn.Module"})
_DATACLASS = frozenset({"dataclass", "dataclasses.dataclass"})
_FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


class SourceText(str):
    """The source of a default value that is no literal; its `repr` is the text itself."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


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


@dataclass(frozen=True)
class Definition:
    """A class or a function in the source of its module.

    Attributes:
        module: The module that defines it.
        node: Its `class` or `def` statement.
    """

    module: Module
    node: ast.ClassDef | _FunctionNode

    def docstring(self) -> str:
        """Return the docstring, of a class without one that of its first base, or an empty text."""
        text = ast.get_docstring(self.node) or self._assigned_docstring()
        if text:
            return text
        for base in self._bases():
            if isinstance(base, Definition) and (inherited := base.docstring()):
                return inherited
        return ""

    def parameters(self) -> list[inspect.Parameter] | None:
        """Return the parameters of a call, without `self`; None when the source does not tell."""
        if not isinstance(self.node, ast.ClassDef):
            return None if self.node.decorator_list else _parameters(self.node, self.module)
        return self._constructor(self.node)

    def constant(self, name: str) -> object:
        """Return the value of a class attribute.

        Raises:
            LookupError: The source does not tell it.
        """
        # A decorator may set it to something else.
        if isinstance(self.node, ast.ClassDef) and not self.node.decorator_list:
            for statement in self.node.body:
                value = _assigned(statement)
                if value is not None and _target(statement) == name:
                    return _value(value, self.module)
            for base in self._bases():
                if isinstance(base, Definition):
                    return base.constant(name)
        raise LookupError(name)

    def _assigned_docstring(self) -> str:
        """Find what a statement such as `SGD.__doc__ = "..." + ...` begins with."""
        for statement in self.module.tree.body:
            if (
                isinstance(statement, ast.Assign)
                and ast.unparse(statement.targets[0]) == f"{self.node.name}.__doc__"
            ):
                # The parts of a sum nest to the left, so the first text is the leftmost leaf.
                expression = statement.value
                while isinstance(expression, ast.BinOp):
                    expression = expression.left
                if isinstance(expression, ast.Constant):
                    return inspect.cleandoc(str(expression.value))
        return ""

    def _bases(self) -> Iterator[Definition | str | None]:
        """Yield the definition of each base class, its text where it is a plain one, or None."""
        if not isinstance(self.node, ast.ClassDef):
            return
        for expression in self.node.bases:
            text = ast.unparse(expression).partition("[")[0]
            if text in _PLAIN_BASES or text == "Generic":
                yield text
            else:
                yield _resolve(self.module, text) if text.isidentifier() else None

    def _constructor(self, node: ast.ClassDef) -> list[inspect.Parameter] | None:
        methods = {n.name: n for n in node.body if isinstance(n, ast.FunctionDef)}
        # Of several bases the source alone does not tell whose constructor is inherited.
        bases = [base for base in self._bases() if not isinstance(base, str)]
        if node.keywords or len(bases) > 1 or _binds_constructor(node):
            return None
        if node.decorator_list:
            is_plain = _is_dataclass(node) and "__init__" not in methods
            return self._fields(node, bases) if is_plain else None
        if "__init__" in methods:
            method = methods["__init__"]
            return None if method.decorator_list else _parameters(method, self.module)[1:]
        if not bases:
            return []
        return None if bases[0] is None else bases[0].parameters()

    def _fields(
        self, node: ast.ClassDef, bases: Sequence[Definition | None]
    ) -> list[inspect.Parameter] | None:
        """Return the parameters of a dataclass: the fields of its base, then its own."""
        fields: dict[str, inspect.Parameter] = {}
        for base in bases:
            inherited = None if base is None else base.parameters()
            # The constructor of a base that is no dataclass is not inherited.
            if base is None or inherited is None or (inherited and not _is_dataclass(base.node)):
                return None
            fields |= {parameter.name: parameter for parameter in inherited}
        for statement in node.body:
            name = _target(statement)
            if not isinstance(statement, ast.AnnAssign) or not name:
                continue
            annotation = ast.unparse(statement.annotation)
            if "KW_ONLY" in annotation or "init=" in ast.unparse(statement):
                return None
            if "ClassVar" in annotation:
                continue
            default: object = inspect.Parameter.empty
            if statement.value is not None:
                default = _default(statement.value, self.module)
            kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
            fields[name] = inspect.Parameter(name, kind, default=default)
        return list(fields.values())


def find_definition(reference: str) -> Definition | None:
    """Find the class or function that `"module:attribute"` names.

    Returns:
        Its definition; None when the source does not tell.
    """
    module_name, _, attribute = reference.partition(":")
    module = read_module(module_name)
    return None if module is None else _resolve(module, attribute)


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


def _resolve(module: Module, name: str) -> Definition | None:
    """Find the class or function that a name in a module stands for."""
    home, statement = _origin(module, name)
    if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return Definition(home, statement)
    return None


def _origin(module: Module, name: str, steps: int = 10) -> tuple[Module, ast.stmt | None]:
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
            home, found = _origin(source, name, steps - 1)
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
                names = [_target(statement)]
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


def _is_dataclass(node: ast.ClassDef | _FunctionNode) -> bool:
    """Return whether the only decorator makes a dataclass with the usual constructor."""
    decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
    if len(decorators) != 1 or decorators[0].partition("(")[0] not in _DATACLASS:
        return False
    return "init=" not in decorators[0]


def _binds_constructor(node: ast.ClassDef) -> bool:
    """Return whether a class may get its constructor in another way than by `def __init__`."""
    return any(
        isinstance(statement, ast.If | ast.Try | ast.With | ast.For | ast.While)
        or getattr(statement, "name", _target(statement)) == "__new__"
        or _target(statement) in ("__init__", "__signature__")
        for statement in node.body
    )


def _target(statement: ast.stmt) -> str:
    """Return the only name that an assignment binds, or an empty text."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return str(name)
    return ""


def _assigned(statement: ast.stmt | None) -> ast.expr | None:
    """Return what a statement assigns; None where it is no assignment."""
    return statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None


def _parameters(node: _FunctionNode, module: Module) -> list[inspect.Parameter]:
    kinds = inspect.Parameter
    arguments = node.args
    padding = [None] * (len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults))
    defaults = iter([*padding, *arguments.defaults, None, *arguments.kw_defaults, None])
    # In the order of the defaults: a `*` stands between the positional arguments and the others.
    groups: list[tuple[Sequence[ast.arg | None], inspect._ParameterKind]] = [
        (arguments.posonlyargs, kinds.POSITIONAL_ONLY),
        (arguments.args, kinds.POSITIONAL_OR_KEYWORD),
        ([arguments.vararg], kinds.VAR_POSITIONAL),
        (arguments.kwonlyargs, kinds.KEYWORD_ONLY),
        ([arguments.kwarg], kinds.VAR_KEYWORD),
    ]
    found = []
    for members, kind in groups:
        for argument in members:
            default = next(defaults)
            if argument is not None:
                value = kinds.empty if default is None else _default(default, module)
                found.append(inspect.Parameter(argument.arg, kind, default=value))
    return found


def _default(expression: ast.expr, module: Module) -> object:
    try:
        return _value(expression, module)
    except LookupError:
        return SourceText(ast.unparse(expression))


def _value(expression: ast.expr, module: Module) -> object:
    """Work out a literal, a constant of the module or of a class, or a tuple made of them.

    Raises:
        LookupError: The expression is another one.
    """
    match expression:
        case ast.Name(id=name):
            home, statement = _origin(module, name)
            if value := _assigned(statement):
                return _value(value, home)
        case ast.Attribute(value=ast.Name(id=name), attr=attribute):
            if owner := _resolve(module, name):
                return owner.constant(attribute)
        case ast.Tuple():
            return tuple(v for item in expression.elts for v in _values(item, module))
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return (*_values(ast.Starred(left), module), *_values(ast.Starred(right), module))
    try:
        return ast.literal_eval(expression)
    except ValueError:
        raise LookupError(ast.unparse(expression)) from None


def _values(item: ast.expr, module: Module) -> tuple[object, ...]:
    """Work out one item of a tuple, which `*` may turn into several."""
    if not isinstance(item, ast.Starred):
        return (_value(item, module),)
    values = _value(item.value, module)
    if not isinstance(values, tuple | list):
        raise LookupError(ast.unparse(item))
    return tuple(values)
