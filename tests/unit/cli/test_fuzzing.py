"""Whatever stands in a config, it is accepted or refused with a message: nothing but our own errors
gets out.
"""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mtl_search.cli import main
from mtl_search.cluster import capacity
from mtl_search.config import load_config
from mtl_search.config.load import Overrides
from mtl_search.data.datasets.build import build_data
from mtl_search.errors import ConfigError, MtlSearchError
from mtl_search.search import preflight
from tests.support import config_trees as trees
from tests.support import small_sweeps as small

NAMES = [
    "softmax",
    "regression",
    "pair",
    "crf",
    "mlp",
    "convnet",
    "hard",
    "adamw",
    "sgd",
    "cosine",
    "step",
    "asha",
    "tpe",
    "delta_m",
    "left",
    "kind",
    "digit_pairs",
    "table",
    "arrays",
    "main",
    "single",
    "accuracy",
    "auto",
    "os:path",
    "builtins:dict",
    "tests.support.small_sweeps:DATA",
    "tests.support.small_sweeps:NOT_CALLABLE",
    "no.module:x",
    ":",
    "${NOT_SET}",
    "${HOME:-x}",
    "${",
    "a.b",
    "*",
    "nan",
    "-1",
    "null",
    "",
]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 40),
    st.sampled_from([10**18, -(10**30), 1e-9, 1e300, 0.5, -0.5, 2.5]),
    st.floats(),
    st.sampled_from(NAMES),
    st.text(max_size=4),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(st.sampled_from([*NAMES, "name", "int", "when", "choice"]), st.integers()),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=5,
)
KEYS = [
    "name",
    "lr",
    "depth",
    "widths",
    "head",
    "loss",
    "view",
    "epochs",
    "optimizer",
    "schedule",
    "space",
    "trials",
    "reference",
    "when",
    "choice",
    "log",
    "int",
    "float",
    "log_ratio",
    "target",
    "train",
    "x",
]


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a tree, from the root's children on."""
    items = (
        node.items()
        if isinstance(node, dict)
        else enumerate(node)
        if isinstance(node, list)
        else ()
    )
    for key, value in items:
        yield (*path, key)
        yield from places(value, (*path, key))


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """A good config with one to three random changes: dropped, renamed, retyped, added."""
    tree: dict[str, Any] = draw(st.sampled_from([trees.tree, small.tree]))()
    for _ in range(draw(st.integers(1, 3))):
        all_places = list(places(tree))
        if not all_places:
            break
        *parents, last = draw(st.sampled_from(all_places))
        node: Any = tree
        for key in parents:
            node = node[key]
        change = draw(st.sampled_from(["drop", "rename", "retype", "retype", "add"]))
        if change == "drop" or isinstance(node, list):
            node.pop(last)
        elif change == "rename":
            node[draw(st.sampled_from(KEYS))] = node.pop(last)
        elif change == "retype":
            node[last] = draw(VALUES)
        else:
            node[draw(st.sampled_from(KEYS))] = draw(VALUES)
    return tree


PATHS = [".".join(map(str, place)) for place in places(small.tree())]
OVERRIDES = st.dictionaries(
    st.one_of(
        st.sampled_from(PATHS),
        st.builds(lambda path, key: f"{path}.{key}", st.sampled_from(PATHS), st.sampled_from(KEYS)),
        st.builds(
            lambda path: f"search.space.{path}",
            st.sampled_from(
                [
                    *PATHS,
                    "tasks.*.head.dropout",
                    "model.backbone.name",
                    "training.schedule",
                    "x",
                    "",
                ]
            ),
        ),
    ),
    st.one_of(
        VALUES,
        st.builds(
            lambda kind, values, when: {kind: values, **when},
            st.sampled_from(["int", "float", "log", "choice", "log_ratio"]),
            VALUES,
            st.one_of(st.just({}), st.builds(lambda w: {"when": w}, VALUES)),
        ),
    ),
    min_size=1,
    max_size=3,
)


# Values of the right shape, which only the data, the network or the space can refuse.
NUMBERS = st.sampled_from(
    [-1, 0, 1, 2, 3, 8, 0.0, 0.5, 1.0, 1e-9, 1e300, 10**18, True, None, "x", [1], [0, 2], {"a": 1}]
)
ARGUMENTS = st.dictionaries(
    st.sampled_from(
        [
            "lr",
            "weight_decay",
            "momentum",
            "betas",
            "fused",
            "step_size",
            "gamma",
            "milestones",
            "eta_min",
            "warmup_epochs",
            "end_factor",
            "widths",
            "dropout",
            "norm",
            "activation",
            "hidden",
            "pool",
            "depth",
            "scale",
            "delta",
            "grace_period",
            "reduction_factor",
            "n_startup_trials",
            "group",
            "label_smoothing",
            "x",
        ]
    ),
    st.one_of(
        NUMBERS, st.sampled_from(["relu", "batch", "layer", "max", [0.9, 0.99], {"kind": 1}])
    ),
    max_size=2,
)


def member(*names: str) -> st.SearchStrategy[Any]:
    """One of these by name, with arguments that it may or may not take."""
    name = st.sampled_from(
        [*names, *names, *names, "builtins:dict", "os:path", "tests.support.small_sweeps:no_data"]
    )
    return st.one_of(
        name, st.builds(lambda chosen, arguments: {"name": chosen, **arguments}, name, ARGUMENTS)
    )


PLAUSIBLE: dict[str, st.SearchStrategy[Any]] = {
    "tasks.kind.head": member("softmax", "binary", "multilabel", "regression", "pair", "crf"),
    "tasks.size.head": member("regression", "softmax"),
    "tasks.kind.target": st.sampled_from(["flag", "tags", "size", "never", "x"]),
    "tasks.kind.view": st.sampled_from(["x", "y", ["x", "y"], [], ["x", "x"]]),
    "tasks.kind.loss": member("cross_entropy", "mse", "huber", "binary_cross_entropy"),
    "tasks.size.loss": member("mse", "mae", "huber", "smooth_l1"),
    "tasks.kind.metrics": st.lists(
        st.sampled_from(["accuracy", "f1", "r2", "auroc", "os:path"]), max_size=3
    ),
    "tasks.kind.role": st.sampled_from(["main", "auxiliary"]),
    "model.backbone": member("mlp", "convnet"),
    "model.sharing": member("hard"),
    "model.sharing.depth": st.one_of(
        NUMBERS, st.dictionaries(st.sampled_from(["kind", "size", "x"]), NUMBERS)
    ),
    "training.optimizer": member("sgd", "adamw", "rmsprop", "adadelta"),
    "training.schedule": member("cosine", "linear", "step", "multistep", "exponential"),
    "training.epochs": st.sampled_from([1, 2, 10**9, 10**400]),
    "search.scheduler": member("asha", "fifo"),
    "search.sampler": member("tpe", "random"),
    "search.objective": st.sampled_from(
        ["delta_m", "val/kind/accuracy", "val/size/loss", "val/x/r2", "os:path", "::"]
    ),
    "search.arms": st.lists(st.sampled_from(["single", "equal", "search"]), min_size=1),
    "seed": st.sampled_from([0, 2**32, 2**70]),
}


def ends(kind: str, low: float, high: float) -> st.SearchStrategy[dict[str, Any]]:
    """An entry of the space between two ends."""
    numbers: st.SearchStrategy[float] = (
        st.integers(int(low), int(high)) if kind == "int" else st.floats(low, high)
    )
    return st.tuples(numbers, numbers).map(lambda pair: {kind: sorted(pair)})


CHOICES = st.lists(st.one_of(NUMBERS, member("mlp", "adam")), min_size=1, max_size=3)
ENTRY = st.one_of(
    ends("int", -2, 9),
    ends("float", -2, 2),
    ends("log", 1e-9, 2),
    CHOICES.map(lambda choices: {"choice": choices}),
    st.sampled_from(["kind", "size", "x"]).map(lambda task: {"log_ratio": 10, "reference": task}),
)
SEARCHED = st.sampled_from(
    [
        *(path for path in PATHS if not path.startswith("search.") and not path[-1].isdigit()),
        *(
            "tasks.*.loss_weight",
            "tasks.*.head.dropout",
            "tasks.*.head.hidden",
            "model.sharing.depth",
            "training.clip_norm",
        ),
    ]
)
WHEN: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.dictionaries(SEARCHED, st.one_of(NUMBERS, st.lists(NUMBERS)), max_size=2).map(
        lambda w: {"when": w}
    ),
)


@st.composite
def plausible(draw: st.DrawFn) -> dict[str, Any]:
    """Overrides with values of the right shape: up to two fixed ones, up to three entries of the
    space.
    """
    paths = draw(st.lists(st.sampled_from(list(PLAUSIBLE)), max_size=2, unique=True))
    overrides = {path: draw(PLAUSIBLE[path]) for path in paths}
    if draw(st.booleans()):
        overrides["search.space"] = {}
    for path in draw(st.lists(SEARCHED, max_size=3, unique=True)):
        overrides[f"search.space.{path}"] = {**draw(ENTRY), **draw(WHEN)}
    return overrides


def whole_path(source: Any, overrides: Overrides = ()) -> str:
    """Load, read the data, build everything: the message, or nothing when all is well."""
    try:
        config = load_config(source, overrides)
        capacity.check_capacity(config)
        with _tiny(config.data.arguments):
            preflight.check_sweep(config, build_data(config.data, config.seed))
    except MtlSearchError as error:
        message = str(error)
        assert message.strip()
        assert "Traceback" not in message
        return message
    return ""


@contextlib.contextmanager
def _tiny(arguments: dict[str, Any]) -> Iterator[None]:
    """Fuzzing makes no data set of 10^18 pairs."""
    for key in ("train", "validation", "test"):
        value = arguments.get(key, 0)
        if isinstance(value, int | float) and value > 1000:
            raise ConfigError("too large for a test")
    yield


def small_enough(tree: Any) -> bool:
    """Whether building cannot take all memory: torch would try to make a layer of a billion
    features.
    """
    if isinstance(tree, dict):
        return all(map(small_enough, tree.values()))
    if isinstance(tree, list):
        return all(map(small_enough, tree))
    return not isinstance(tree, int) or abs(tree) < 10**4 or abs(tree) >= 10**18


fuzz = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


@settings(fuzz, max_examples=100)
@given(mutated())
def test_mutated_configs(tree: dict[str, Any]) -> None:
    whole_path(tree)


@settings(fuzz, max_examples=100)
@given(OVERRIDES)
def test_random_overrides(overrides: dict[str, Any]) -> None:
    whole_path(small.tree(), overrides)


@settings(fuzz, max_examples=100)
@given(
    st.lists(
        st.one_of(
            st.text(max_size=12),
            st.builds("{}={}".format, st.sampled_from(PATHS), st.text(max_size=8)),
        )
    )
)
def test_random_overrides_as_text(overrides: list[str]) -> None:
    whole_path(small.tree(), overrides)


@settings(fuzz, max_examples=150)
@given(plausible())
def test_overrides_of_the_right_shape(overrides: dict[str, Any]) -> None:
    whole_path(small.tree(), overrides)


YAML_BITS = [
    "a",
    "name",
    "tasks",
    ":",
    "{",
    "}",
    "[",
    "]",
    "&a",
    "*a",
    "!!int",
    "!!bool",
    "!x",
    "!!timestamp",
    "?",
    "|",
    "'",
    '"',
    "#",
    "<<",
    "1",
    "1e3",
    ".nan",
    "2001-99-99",
    "~",
    ",",
    "\\x",
    "%",
    "---",
    "-",
    " ",
    "  ",
    ": ",
    "\n",
    "\t",
]


@settings(fuzz, max_examples=200)
@given(
    st.one_of(st.lists(st.sampled_from(YAML_BITS), max_size=12).map("".join), st.text(max_size=30))
)
def test_random_yaml_is_refused_with_a_message(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.yaml"
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        assert whole_path(path)


@settings(fuzz, max_examples=100)
@given(st.binary(max_size=20))
def test_random_bytes_are_refused_with_a_message(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.yaml"
        path.write_bytes(content)
        assert whole_path(path)


def run_cli(*arguments: str) -> tuple[int, str]:
    """Exit status and all output of the program, run in this process."""
    out = io.StringIO()
    before = sys.argv
    sys.argv = ["mtl-search", *arguments]
    try:
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(out),
            pytest.raises(SystemExit) as caught,
        ):
            main()
    finally:
        sys.argv = before
    code = caught.value.code
    return (code if isinstance(code, int) else 0), out.getvalue()


@settings(fuzz, max_examples=25)
@given(mutated())
def test_the_command_line_says_what_is_wrong_and_exits_with_2(tree: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.yaml"
        path.write_text(yaml.safe_dump(tree))
        message = whole_path(path)
        if "too large" in message:
            return
        status, output = run_cli("validate", str(path), "--trust-code")
        assert status == (2 if message else 0), output
        assert "Traceback" not in output
        assert "internal error" not in output
        if message:
            assert output.startswith("error: ")
