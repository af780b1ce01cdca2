"""Every door answers before a heavy package is imported; each is opened in a process of its own.

A door is an import that users write, or a command that shows, lists or refuses something. A typing
error is answered by the tables of names and arguments alone, without the code behind the names.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
CONFIG = str(REPOSITORY / "configs" / "digit_pairs.yaml")
FINISHED = REPOSITORY / "tests" / "fixtures" / "sweeps" / "v0_1_finished"

# What a config asks for by naming it: these come with `validate` only where it does.
OPTIONAL = {"kornia", "matplotlib", "plotly", "timm", "torchvision", "transformers"}
HEAVY = OPTIONAL | {
    "mlflow",
    "optuna",
    "pandas",
    "pyarrow",
    "ray",
    "sklearn",
    "torch",
    "torchcrf",
    "torchjd",
    "torchmetrics",
}

# Prints a JSON object: see `Opened`.
COMMAND = """
import contextlib, io, json, sys

heavy = set(json.loads(sys.argv[1]))
sys.argv = ["mtl-search", *sys.argv[2:]]
early, output, status = [], io.StringIO(), 0

class Watch:  # a finder that finds nothing
    def find_spec(self, name, path=None, target=None):
        if name in heavy and not output.tell():
            early.append(name)

sys.meta_path.insert(0, Watch())
with contextlib.redirect_stdout(output):
    try:
        from mtl_search.cli import main
        main()
    except SystemExit as ending:
        status = ending.code or 0
loaded = sorted(heavy.intersection(sys.modules))
print(json.dumps({"status": status, "output": output.getvalue(), "early": early, "loaded": loaded}))
"""


# What a slot does: it trains a trial of a table, its test split included. The data set and the
# config come from the driver.
SLOT = """
import sys, tempfile
import mtl_search.training.workers.slot
from mtl_search.training.runner import TrialRunner
from tests.support import trials

with tempfile.TemporaryDirectory() as folder:
    runner = TrialRunner(trials.data())
    runner.setup(trials.spec(trials.config(epochs=2), folder, test=True))
    assert runner.train_until(2).state == "COMPLETE"
print(*sys.modules)
"""
# Ray Tune brings pandas and pyarrow along.
NOT_FOR_TABLES = (HEAVY - {"pandas", "pyarrow", "ray", "torch"}) | {
    *("scipy", "sympy", "torch._dynamo", "torch._inductor"),
}


@dataclass(frozen=True)
class Opened:
    """What became of a command.

    Attributes:
        status: The exit status.
        output: The text on standard output.
        errors: The text on standard error.
        early: Heavy packages that were asked for before the first output.
        loaded: Heavy packages that were loaded at the end.
    """

    status: int
    output: str
    errors: str
    early: list[str]
    loaded: list[str]


def open_door(*arguments: str, folder: Path) -> Opened:
    """Run a command of `mtl-search` in a fresh process."""
    program = [sys.executable, "-c", COMMAND, json.dumps(sorted(HEAVY)), *arguments]
    ended = subprocess.run(
        program, cwd=folder, check=True, capture_output=True, text=True, timeout=120
    )
    found: dict[str, Any] = json.loads(ended.stdout)
    return Opened(errors=ended.stderr, **found)


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Folder of a finished sweep that MLflow may record, which the commands may write to."""
    folder = shutil.copytree(FINISHED, tmp_path_factory.mktemp("runs") / "finished")
    config = folder / "config.yaml"
    config.write_text(config.read_text().replace("enabled: false", "enabled: true"))
    return str(folder)


@pytest.mark.parametrize(
    "module", ["mtl_search", "mtl_search.api", "mtl_search.analysis", "mtl_search.storage"]
)
def test_importing_a_door_loads_nothing_heavy(module: str) -> None:
    program = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=120
    ).stdout.split()
    assert module in loaded
    assert sorted(HEAVY.intersection(loaded)) == []


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("--help", "export-weights"),
        ("-h", "--install-completion"),
        ("run -h", "--resume"),
        ("run --help", "--resume"),
        ("jobs stop --help", "--address"),
        (f"submit {CONFIG} --dry-run", "Nothing was sent."),
        ("--version", "mtl-search "),
        ("list", "aggregators"),
        ("list heads", "softmax"),
    ],
)
def test_a_command_that_tells_of_the_program_loads_nothing_heavy(
    command: str, shown: str, tmp_path: Path
) -> None:
    door = open_door(*command.split(), folder=tmp_path)
    assert door.status == 0, door.errors
    assert shown in door.output
    assert door.loaded == []


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("report", "search"),
        ("export-weights", "loss_weight"),
        ("export-weights --format overrides", "tasks.left.loss_weight="),
    ],
)
def test_a_command_that_reads_a_sweep_loads_nothing_heavy(
    command: str, shown: str, sweep: str, tmp_path: Path
) -> None:
    door = open_door(*command.split(), sweep, folder=tmp_path)
    assert door.status == 0, door.errors
    assert shown in door.output
    assert door.loaded == []


def test_a_report_as_json_loads_what_the_importance_of_settings_needs(
    sweep: str, tmp_path: Path
) -> None:
    door = open_door("report", "--format", "json", sweep, folder=tmp_path)
    assert door.status == 0, door.errors
    assert '"verdict"' in door.output
    assert set(door.loaded) <= {"optuna", "pandas", "pyarrow", "sklearn"}


@pytest.mark.parametrize("command", ["report", "export-weights", "ui"])
def test_a_sweep_that_is_missing_is_refused_before_anything_heavy(
    command: str, tmp_path: Path
) -> None:
    door = open_door(command, "nothing", folder=tmp_path)
    assert door.status == 2
    assert "no sweep called 'nothing'" in door.errors
    assert door.loaded == []


def test_a_family_that_is_missing_is_refused_before_anything_heavy(tmp_path: Path) -> None:
    door = open_door("list", "head", folder=tmp_path)
    assert door.status == 2
    assert "did you mean 'heads'?" in door.errors
    assert door.loaded == []


# A mistake on the command line → a part of the answer.
MISTAKES = {
    "training.epoch=3": "did you mean 'epochs'?",
    "training.epochs=many": "a whole number is needed",
    "data.name=digit_pair": "did you mean 'digit_pairs'?",
    "data.trian=10": "did you mean 'train'?",
    "tasks.left.head=sofmax": "did you mean 'softmax'?",
    "tasks.left.head.pol=max": "did you mean 'pool'?",
    "tasks.left.loss=cross_entrpy": "did you mean 'cross_entropy'?",
    "tasks.left.metrics=[acuracy]": "did you mean 'accuracy'?",
    "model.backbone=convnets": "did you mean 'convnet'?",
    "model.backbone.chanels=[4]": "did you mean 'channels'?",
    "model.sharing=hart": "did you mean 'hard'?",
    "model.sharing.dept=1": "did you mean 'depth'?",
    "training.optimizer.name=adamww": "did you mean 'adamw'?",
    "training.optimizer.weight_decai=0": "did you mean 'weight_decay'?",
    "training.schedule=cosin": "did you mean 'cosine'?",
    "training.weighting=vw": "did you mean 'uw'?",
    "training.aggregator=pcgard": "did you mean 'pcgrad'?",
    "search.scheduler=fofi": "did you mean 'fifo'?",
    "search.sampler.name=tpf": "did you mean 'tpe'?",
    "search.sampler.n_startup=3": "did you mean 'n_startup_trials'?",
    "search.space={training.optimizer.l: {log: [1e-3, 1e-2]}}": "did you mean 'lr'?",
    "search.initial_points=[uv]": "did you mean 'uw'?",
    "search.start=[uw]": "'search.initial_points'",
    "search.objective=val/left/acuracy": "did you mean 'val/left/accuracy'?",
    "tasks.left.head=nothing:Head": "cannot import module 'nothing'",
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_validate_answers_a_typing_error_before_anything_heavy(
    mistake: str, tmp_path: Path
) -> None:
    door = open_door("validate", CONFIG, mistake, folder=tmp_path)
    assert door.status == 2, door.errors
    assert MISTAKES[mistake] in door.errors
    assert door.loaded == []


@pytest.mark.parametrize(
    "mistake",
    [
        "training.epoch=3",
        "tasks.left.head=sofmax",
        "tasks.left.metrics=[acuracy]",
        "model.backbone.chanels=[4]",
        "search.sampler.name=tpf",
    ],
)
def test_run_answers_a_typing_error_before_anything_heavy(mistake: str, tmp_path: Path) -> None:
    door = open_door("run", CONFIG, mistake, folder=tmp_path)
    assert door.status == 2, door.errors
    assert MISTAKES[mistake] in door.errors
    assert door.loaded == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["run", "validate"])
def test_a_config_that_is_missing_is_refused_before_anything_heavy(
    command: str, tmp_path: Path
) -> None:
    door = open_door(command, "nothing.yaml", folder=tmp_path)
    assert door.status == 2
    assert "no such config file" in door.errors
    assert door.loaded == []


def test_the_answer_to_a_typing_error_is_the_same_in_run_and_validate(tmp_path: Path) -> None:
    answers = [
        open_door(command, CONFIG, "model.backbone=convnets", folder=tmp_path).errors
        for command in ("run", "validate")
    ]
    assert answers[0] == answers[1]


def test_validate_loads_what_the_config_uses_and_no_more(tmp_path: Path) -> None:
    door = open_door("validate", CONFIG, folder=tmp_path)
    assert door.status == 0, door.errors
    assert "is valid" in door.output
    assert "torch" in door.loaded  # the network is built
    assert sorted((OPTIONAL | {"mlflow"}).intersection(door.loaded)) == []


def test_a_slot_imports_what_its_config_trains_with_and_no_more() -> None:
    program = [sys.executable, "-c", SLOT]
    done = subprocess.run(
        program, cwd=REPOSITORY, check=True, capture_output=True, text=True, timeout=120
    )
    loaded = set(done.stdout.split())
    assert {"torch", "ray.tune", "mtl_search.training.trainer"} <= loaded
    assert sorted(NOT_FOR_TABLES & loaded) == []
