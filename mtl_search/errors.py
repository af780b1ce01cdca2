"""Every exception that mtl_search raises on purpose.

    MtlSearchError
    ├── ConfigError        a key, a value or a combination in the config is wrong
    ├── DataError          the data set cannot be read or does not fit the tasks
    ├── SweepError         a sweep cannot start, resume or go on
    │   ├── RequestError       what was asked for is not there: a sweep, a trial, a network
    │   ├── DiskFullError      there is no room for its files; with room again, a resume goes on
    │   └── ClusterError       there is no such Ray cluster, or it is not one for this sweep
    └── TrialError         one trial failed; the sweep goes on
        └── OutOfMemoryError   it may fit with smaller batches

All of them are mistakes that a user can mend, so the command line prints them without a traceback
and exits with status 2 (wrong input: a `ConfigError`, `DataError`, `RequestError` or
`ClusterError`) or 1 (something could not go on). Broken invariants of the
package itself are `assert`s.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable

_COMPARED = 200  # characters of a misspelt name: the time to compare grows with their square
_LONGEST = 8000  # characters of a message
# Takes secrets out of a message; `config.secrets`, which knows them, stands above this module.
_redact: list[Callable[[str], str]] = []


def redact_with(redact: Callable[[str], str]) -> None:
    """Let the messages of all errors below pass through a function."""
    _redact[:] = [redact]


class MtlSearchError(Exception):
    """Base of all errors that carry a message for the user.

    Examples:
        >>> from mtl_search import load_config
        >>> try:
        ...     load_config("no_such.yaml")
        ... except MtlSearchError as error:
        ...     print(type(error).__name__)
        ConfigError
    """

    def __str__(self) -> str:
        text = super().__str__()
        if len(text) > _LONGEST:  # a cell or a list that no message has shortened
            text = f"{text[: _LONGEST - 500]} ... {text[-400:]}"
        for redact in _redact:
            text = redact(text)
        return text

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


class ConfigError(MtlSearchError, ValueError):
    """Something in the config is wrong.

    Args:
        message: What is wrong and what is allowed.
        path: Dotted path of the key, such as `tasks.left.head.name`; empty for the whole file.
        value: The offending value; left out of the message when not given.
        allowed: What would have been accepted. The nearest name is suggested for a string.

    Examples:
        >>> print(ConfigError("unknown key", path="search.trails", allowed=["trials", "arms"]))
        search.trails: unknown key
          allowed:  trials, arms
          did you mean 'trials'?
    """

    _NO_VALUE = object()

    def __init__(
        self,
        message: str,
        *,
        path: str = "",
        value: object = _NO_VALUE,
        allowed: Iterable[str] = (),
    ) -> None:
        self.path = path
        self.problem = message
        self.value = value
        names = [str(name) for name in allowed]
        self.allowed = tuple(names)
        parts = [f"{path}: {message}" if path else message]
        if value is not self._NO_VALUE:
            parts.append(f"  value:    {short(value, 300)}")
        if names:
            parts.append(f"  allowed:  {listed(names)}")
            wrong = path.rsplit(".", 1)[-1] if value is self._NO_VALUE else value
            if isinstance(wrong, str) and (near := nearest(wrong, names)):
                parts.append(f"  did you mean {near!r}?")
        super().__init__("\n".join(parts))

    def at(self, path: str) -> ConfigError:
        """Return the same problem at another path, for a section inside another one."""
        return ConfigError(self.problem, path=path, value=self.value, allowed=self.allowed)


class DataError(MtlSearchError, ValueError):
    """The data cannot be read, or it does not fit what the tasks ask of it.

    Examples:
        >>> try:
        ...     raise DataError("faces.csv: the column 'age' has no numbers")
        ... except ValueError as error:
        ...     print(error)
        faces.csv: the column 'age' has no numbers
    """


class SweepError(MtlSearchError, RuntimeError):
    """A sweep cannot start, resume or go on; the message says what to do.

    Examples:
        >>> from mtl_search import Result
        >>> try:
        ...     Result("runs/no_such_sweep")
        ... except SweepError as error:
        ...     print(error)
        runs/no_such_sweep is not there
    """


class RequestError(SweepError):
    """What was asked for is not there or cannot be had so, such as a trial of another name.

    Examples:
        It is a `SweepError`, so that one `except` is enough for both:

        >>> from mtl_search import Result
        >>> result = Result("tests/fixtures/sweeps/v0_1_finished")
        >>> try:
        ...     result.trial("serach-0001")
        ... except RequestError as error:
        ...     print(error)
        there is no trial 'serach-0001' in tests/...; did you mean 'search-0001'?
    """


class DiskFullError(SweepError):
    """A disk has no room left for a file of the sweep; the message names the folder.

    Examples:
        With room again, the same sweep goes on, so this error is told apart from others:

        >>> def advice(error: SweepError) -> str:
        ...     if isinstance(error, DiskFullError):
        ...         return "free some space, then run with resume=True"
        ...     return str(error)
        >>> advice(DiskFullError("no room left in runs/demo"))
        'free some space, then run with resume=True'
    """


class ClusterError(SweepError):
    """There is no Ray cluster where one should be, or no sweep like this one can run on it.

    Examples:
        It is a `SweepError`, so that one `except` is enough for both:

        >>> try:
        ...     raise ClusterError("no Ray cluster answers at 10.0.0.1:6379")
        ... except SweepError as error:
        ...     print(error)
        no Ray cluster answers at 10.0.0.1:6379
    """


class TrialError(MtlSearchError, RuntimeError):
    """One trial failed for a reason that training knows, such as a loss that is not finite.

    The sweep goes on, and the report has the message as the reason.

    Examples:
        >>> import math
        >>> def checked(loss: float) -> float:
        ...     if not math.isfinite(loss):
        ...         raise TrialError(f"the loss is {loss}")
        ...     return loss
        >>> checked(math.inf)
        Traceback (most recent call last):
            ...
        mtl_search.errors.TrialError: the loss is inf
    """


class OutOfMemoryError(TrialError):
    """A worker of a trial had too little memory, on its GPU or its node.

    Examples:
        >>> try:
        ...     raise OutOfMemoryError("the GPU has no memory left for a batch of 512")
        ... except TrialError as error:
        ...     print(error)
        the GPU has no memory left for a batch of 512
    """


def _shortened(text: str, length: int = 300) -> str:
    """Shorten a text: a whole section in place of a value would bury the message."""
    return text if len(text) <= length else f"{text[: length - 4]} ..."


def listed(names: Iterable[object], length: int = 1000) -> str:
    """List names up to a length; a table may have 3,000 columns.

    Examples:
        >>> listed(["a", "b", "c"]), listed(range(10000), length=8)
        ('a, b, c', '0, 1 and 9998 more')
    """
    texts = list(map(str, names))
    shown: list[str] = []
    for name in texts:
        length -= len(name) + 2
        if shown and length < 0:
            return f"{', '.join(shown)} and {len(texts) - len(shown)} more"
        shown.append(_shortened(name, 100))
    return ", ".join(shown)


def short(value: object, length: int = 60) -> str:
    """Return a value as code for a message: a cell may hold megabytes.

    Examples:
        >>> short("cat"), short("x" * 1000, length=12)
        ("'cat'", "'xxxxxxx ...")
    """
    # Not the whole of a text of megabytes.
    return _shortened(repr(value[: length + 1] if isinstance(value, str) else value), length)


def first_line(error: BaseException) -> str:
    r"""Return the first line of an error's message, or its type if it has no message.

    Examples:
        >>> first_line(ValueError("no such layer\nin this model"))
        'no such layer'
        >>> first_line(KeyboardInterrupt())
        'KeyboardInterrupt'
    """
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


# What urllib3 says of a server that is not there, at the end of a long line.
_CAUSE = re.compile(r"Max retries exceeded.*\[Errno -?\d+\] ([^'\"()\[\]]+)", re.DOTALL)


def cause(error: BaseException) -> str:
    """Return the first line of an error's message, or why a server was not reached.

    Examples:
        >>> cause(OSError("Max retries exceeded with url: / ([Errno 111] Connection refused)"))
        'Connection refused'
    """
    found = _CAUSE.search(str(error))
    return found[1] if found else first_line(error)


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the member of `names` that looks most like `name`, or None when none is close.

    Examples:
        >>> nearest("adamW2", ["sgd", "adamw"])
        'adamw'
    """
    by_lower: dict[str, str] = {}
    for candidate in names:
        by_lower.setdefault(candidate[:_COMPARED].lower(), candidate)
    matches = difflib.get_close_matches(name[:_COMPARED].lower(), by_lower, n=1, cutoff=0.5)
    return by_lower[matches[0]] if matches else None
