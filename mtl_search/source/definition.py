"""Read the docstring, the parameters and the constants of a class or a function."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from mtl_search.source.modules import (
    Module,
    assigned_name,
    assigned_value,
    follow_name,
    read_module,
)

# Bases whose own constructor takes no argument that a config could set.
_PLAIN_BASES = frozenset({"object", "ABC", "abc.ABC", "Protocol", "nn.Module", "torch.nn.Module"})
_DATACLASS = frozenset({"dataclass", "dataclasses.dataclass"})
_OURS = "mtl_search."
_FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


class SourceText(str):
    """The source of a default value that is no literal; its `repr` is the text itself."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


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
        return _parameters_of(self)

    def constant(self, name: str) -> object:
        """Return the value of a class attribute.

        Raises:
            LookupError: The source does not tell it.
        """
        return _constant_of(self, name)

    def _constant(self, name: str) -> object:
        # A decorator may set it to something else.
        if isinstance(self.node, ast.ClassDef) and not self.node.decorator_list:
            for statement in self.node.body:
                value = assigned_value(statement)
                if value is not None and assigned_name(statement) == name:
                    return _value(value, self.module)
            for base in self._bases():
                if isinstance(base, Definition):
                    return _constant_of(base, name)
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
            name = assigned_name(statement)
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
    # Our own modules stay as they are while a program runs.
    return _found_once(reference) if reference.startswith(_OURS) else _found(reference)


def _found(reference: str) -> Definition | None:
    module_name, _, attribute = reference.partition(":")
    module = read_module(module_name)
    return None if module is None else _resolve(module, attribute)


# Hundreds of tasks ask for the same few parts.
_found_once = lru_cache(maxsize=512)(_found)


@lru_cache(maxsize=512)
def _parameters_of(definition: Definition) -> list[inspect.Parameter] | None:
    node = definition.node
    if isinstance(node, ast.ClassDef):
        return definition._constructor(node)  # noqa: SLF001  (of this module)
    return None if node.decorator_list else _parameters(node, definition.module)


@lru_cache(maxsize=512)
def _constant_of(definition: Definition, name: str) -> object:
    return definition._constant(name)  # noqa: SLF001  (of this module)


def _resolve(module: Module, name: str) -> Definition | None:
    """Find the class or function that a name in a module stands for."""
    home, statement = follow_name(module, name)
    if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return Definition(home, statement)
    return None


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
        or getattr(statement, "name", assigned_name(statement)) == "__new__"
        or assigned_name(statement) in ("__init__", "__signature__")
        for statement in node.body
    )


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
            home, statement = follow_name(module, name)
            if value := assigned_value(statement):
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
