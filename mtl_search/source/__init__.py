"""Read what a class or a function says of itself from its source, without importing it.

Importing a head, an optimizer or a scheduler loads torch or Ray, which takes seconds. Its
docstring, its parameters and the constants of a class stand in its file, where `ast` finds them
within milliseconds.

What the source alone does not tell (decorators, metaclasses, computed base classes, modules without
a `.py` file) is answered by None; the caller then imports the object and asks `inspect`.

Griffe reads sources, too, but it loads the whole package around a module. For torch that takes many
seconds, and a command has to refuse a typing error sooner than that.
"""

from mtl_search.source.definition import Definition, find_definition
from mtl_search.source.modules import find_file, read_module

__all__ = ["Definition", "find_definition", "find_file", "read_module"]
