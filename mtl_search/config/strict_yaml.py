"""Read YAML of strangers: no key twice, no code, and nothing that unfolds into a huge tree.

A few lines of aliases can stand for billions of values, and lists can be nested until Python gives
up. Both are counted while the text is read, before anything of it is built.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

# What `load_yaml` raises. Tags such as `!!int x`, `!!bool x` and `!!timestamp x` fail inside PyYAML
# in the ways of Python's own types.
NOT_YAML = (yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError, RecursionError)

DEEPEST = 50
# Values and keys, each alias counted as all that it stands for. The longest config of `configs/`
# has some 150.
MOST_NODES = 20_000
_LONGEST = 200_000  # characters of a text
_BRACKETS = re.compile(r"[\[{]{51}")
# Numbers with more digits are texts: the time that Python takes to read one grows with its square.
_LONGEST_NUMBER = 300


def load_yaml(text: str) -> Any:
    """Read YAML as plain Python values.

    As in YAML 1.2, `1e-3` is a number and `2024-01-01` is text.

    Args:
        text: The text.

    Raises:
        Exception: One of `NOT_YAML`: it is no YAML, or it is too large.

    Examples:
        >>> load_yaml("{lr: 1e-3, day: 2024-01-01}")
        {'lr': 0.001, 'day': '2024-01-01'}
    """
    if len(text) > _LONGEST:
        raise yaml.YAMLError(f"{len(text)} characters are too many: at most {_LONGEST}")
    if _BRACKETS.search(text):  # PyYAML would read a thousand of them first
        raise yaml.YAMLError(f"nested more than {DEEPEST} deep")
    return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 (it is a SafeLoader)


class _StrictLoader(yaml.SafeLoader):
    """Safe YAML in which a key given twice is an error, and the size of the tree is bounded."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._depth = 0
        self._nodes = 0
        # Of each complete node: how many nodes it stands for, and how deep.
        self._sizes: dict[int, tuple[int, int]] = {}

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Count while the text becomes nodes, where an alias is still one node."""
        mark: yaml.Mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
        if self.check_event(yaml.AliasEvent):
            node = super().compose_node(parent, index)
            if id(node) not in self._sizes:
                raise yaml.constructor.ConstructorError(
                    None, None, "an alias stands inside of what it names", mark
                )
            nodes, depth = self._sizes[id(node)]
            self._check(nodes, self._depth + depth, mark)
            return node
        self._depth += 1
        self._check(1, self._depth, mark)
        before = self._nodes - 1
        node = super().compose_node(parent, index)
        self._sizes[id(node)] = (self._nodes - before, self._height(node))
        self._depth -= 1
        return node

    def _height(self, node: yaml.Node | None) -> int:
        """Return how deep a complete node is, its aliases unfolded."""
        children: list[yaml.Node] = []
        if isinstance(node, yaml.SequenceNode):
            children = list(node.value)
        elif isinstance(node, yaml.MappingNode):
            children = [child for pair in node.value for child in pair]
        return 1 + max((self._sizes[id(child)][1] for child in children), default=0)

    def _check(self, nodes: int, depth: int, mark: yaml.Mark) -> None:
        self._nodes += nodes
        problem = ""
        if self._nodes > MOST_NODES:
            problem = f"more than {MOST_NODES} values, each alias counted as what it stands for"
        elif depth > DEEPEST:
            problem = f"nested more than {DEEPEST} deep"
        if problem:
            raise yaml.constructor.ConstructorError(None, None, problem, mark)

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        """Take a very long plain value for a text, whatever it looks like."""
        if kind is yaml.ScalarNode and len(value) > _LONGEST_NUMBER:
            return str(self.DEFAULT_SCALAR_TAG)
        tag: str = super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]
        return tag

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = set()
        for key_node, _ in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else ""
            if key in keys:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} is given twice", key_node.start_mark
                )
            keys.add(key)
        return super().construct_mapping(node, deep)


_StrictLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(\d+(\.\d*)?|\.\d+)[eE][-+]?\d+$"),
    list("-+.0123456789"),
)
_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _StrictLoader.yaml_implicit_resolvers.items()
}
