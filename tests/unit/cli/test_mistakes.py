"""What new users get wrong, ten times a command: one message each, status 2, nothing written.

Each line of the tables is what is typed after `mtl-search COMMAND`, and words of the answer. The
folder has two configs, a finished sweep with networks, a saved model, a file and some rows.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml

from mtl_search import Result
from mtl_search.cli.errors import WRONG_INPUT
from tests.support import small_sweeps as small
from tests.support.kept_sweeps import kept_sweep
from tests.support.raw_rows import digits
from tests.unit.cli.test_fuzzing import run_cli

MISTAKES: dict[str, dict[str, str]] = {
    "": {
        "runn small.yaml": "Did you mean 'run'?",
        "small.yaml search.trials=3": "did you mean `mtl-search run small.yaml search.trials=3`?",
        "--verson": "No such option: --verson",
        "--config small.yaml": "No such option: --config",
        "trian small.yaml": "Did you mean 'train'?",
        "help": "No such command 'help'",
        "-x": "No such option",
        "run.yaml": "is no command",
        "Report digits": "No such command 'Report'",
        "export_weights digits": "No such command",
    },
    "run": {
        "": "Missing argument 'CONFIG'",
        "nothing.yaml": "no such config file",
        "smal": "did you mean 'small.yaml'?",
        "digits": "its config is digits/config.yaml",
        "rows.npz": "a config is written in YAML",
        "latin.yaml": "iconv -f WINDOWS-1252 -t UTF-8 latin.yaml",
        "small.yaml search.trials": "an override is written path=value",
        "small.yaml search.trials = 3": "an override is written path=value",
        "small.yaml --trials 3": "a key of the config is written search.trials=3",
        "small.yaml --seed=3": "a key of the config is written seed=3",
        "small.yaml --tasks.kind.loss mse": "is written tasks.kind.loss=mse",
        "small.yaml tasks.knd.loss=mse": "did you mean 'kind'?",
        "small.yaml tasks.knd.head.hidden=[4]": "did you mean 'kind'?",
        "small.yaml tasks.kind=null": "tasks.kind: a mapping is needed",
        "small.yaml training.epochs=many": "training.epochs: a whole number is needed",
        "small.yaml training.device=gpu": "training.device: not one of the allowed values",
        "small.yaml --output afile": "afile is a file; a sweep is a folder",
        "small.yaml --resume": "there is no sweep called 'small'",
        "small.yaml --resume --output nowhere": "nowhere holds no sweep to resume",
        "small.yaml --output digits": "digits holds a sweep already: --resume goes on with it",
        "small.yaml --log-format xml": "--log-format: not a format of logs",
        "small.yaml --address nonsense": "is no HOST:PORT",
    },
    "validate": {
        "": "Missing argument 'CONFIG'",
        "nothing.yaml": "no such config file",
        "runs": "a config is a YAML file, and this is a folder",
        "small.yaml --smoke": "No such option: --smoke",
        "small.yaml --graph a.gif": "--graph: the ending of a picture's file",
        "small.yaml --epochs 3": "is written training.epochs=3",
        "small.yaml tasks.knd.loss_weight=2": "did you mean 'kind'?",
        "small.yaml tasks.kind.view=xx": "tasks.kind.view: there is no view",
        "small.yaml model.backbone.widths=16": "a list of whole numbers is needed",
        "small.yaml other.yaml": "an override is written path=value",
        "small.yaml seed=one": "seed: a whole number is needed",
    },
    "submit": {
        "": "Missing argument 'CONFIG'",
        "nothing.yaml": "no such config file",
        "small.yaml --address http://127.0.0.1:1": "no Ray cluster answers",
        "small.yaml --include nowhere --dry-run": "there is no such file or folder",
        "small.yaml --include / --dry-run": "not below the working directory",
        "small.yaml --output relative --dry-run": "an absolute path",
        "small.yaml --slurm --kuberay": "one of the two",
        "small.yaml --slurm --time soon": "--time: minutes",
        "small.yaml --nodes 3": "belongs to --slurm",
        "small.yaml --kuberay --memory lots": "--memory: a size such as 16Gi",
        "small.yaml --job-id 'my job' --dry-run": "--job-id: letters, digits",
        "small.yaml --format xml --dry-run": "--format: not a format",
        "small.yaml tasks.knd.loss=mse --dry-run": "did you mean 'kind'?",
        "small.yaml --trials 3": "is written search.trials=3",
    },
    "doctor": {
        "nothing.yaml": "no such config file",
        "search.trials=3": "an override without a config",
        "small.yaml tasks.knd.loss=mse": "did you mean 'kind'?",
        "small.yaml search.trails=3": "did you mean 'trials'?",
        "small.yaml --trials 3": "is written search.trials=3",
        "--timeout 0": "Invalid value for '--timeout'",
        "--timeout soon": "Invalid value for '--timeout'",
        "--format xml": "--format: not a format",
        "digits": "its config is digits/config.yaml",
        "--adress auto": "No such option: --adress",
    },
    "report": {
        "missing": "there is no sweep called 'missing'",
        "digts": "did you mean 'digits'?",
        "runs/digts": "did you mean 'runs/digits'?",
        "runs": "sweeps in it: digits",
        "saved": "saved is a model, and no sweep",
        "rows.npz": "rows.npz is a file; a sweep is a folder",
        "smal.yaml": "did you mean 'small.yaml'?",
        "small.yaml": "there is no sweep called 'small'",
        "digits --html a.txt": "--html: not the ending of such a file",
        "digits --html /proc/a.html": "cannot write the report",
        "digits --format xml": "--format: not a format",
        "digits more": "unexpected extra argument",
        "digits --jsn a.json": "No such option: --jsn",
    },
    "compare": {
        "": "Missing argument",
        "digits": "one sweep has nothing to be compared with",
        "a b": "there is no sweep called 'a'",
        "digits digts": "did you mean 'digits'?",
        "digits saved": "saved is a model, and no sweep",
        "digits afile": "afile is a file",
        "digits runs/digits --html a.pdf": "--html: not the ending",
        "digits runs/digits --json a.yaml": "--json: not the ending",
        "digits runs/digits --format csv": "--format: not a format",
        "digits runs/digits --markdown /proc/x.md": "cannot write",
    },
    "predict": {
        "": "Missing argument 'MODEL'",
        "digits": "Missing argument 'INPUT'",
        "missing rows.npz": "there is no sweep called 'missing'",
        "digits nothing.csv": "there is no file or folder nothing.csv",
        "digits afile": "neither an npz file nor a folder of npy files",
        "digits small.yaml": "neither an npz file nor a folder of npy files",
        "rows.npz digits": "rows.npz is a file; a sweep is a folder",
        "saved rows.npz --task lft": "did you mean 'left'?",
        "saved rows.npz --trial x": "saved is a saved model",
        "digits rows.npz --trial serch-0001": "did you mean 'search-0001'?",
        "digits rows.npz --arm equl": "did you mean 'equal'?",
        "digits rows.npz --output a.xls": "--output: no format has this ending",
        "digits rows.npz --batch-size 0": "Invalid value for '--batch-size'",
        "saved rows.npz --source x": "there is no source 'x'",
    },
    "train": {
        "": "Missing argument 'CONFIG'",
        "small.yaml": "Missing option '--from'",
        "small.yaml --from missing": "there is no sweep called 'missing'",
        "nothing.yaml --from digits": "no such config file",
        "small.yaml --from digits": "not the tasks of the sweep digits",
        "digits/config.yaml --from digits --trial serch-0001": "did you mean 'search-0001'?",
        "digits/config.yaml --from digits --seed x": "Invalid value for '--seed'",
        "digits/config.yaml --from digits --output afile": "afile is a file; a model is a folder",
        "digits/config.yaml --from digits --output runs": "name a new folder",
        "digits/config.yaml --from digits --format xml": "--format: not a format",
        "digits/config.yaml --from digits training.epochs=4": "training.epochs: is not that of the",
        "digits/config.yaml --from digits tasks.lft.loss=mse": "did you mean 'left'?",
    },
    "serve": {
        "": "Missing argument 'MODEL'",
        "missing": "there is no sweep called 'missing'",
        "rows.npz": "rows.npz is a file",
        "runs": "sweeps in it: digits",
        "saved --port 99999": "Invalid value for '--port'",
        "saved --port http": "Invalid value for '--port'",
        "saved --workers 0": "Invalid value for '--workers'",
        "saved --trial x": "saved is a saved model",
        "saved --host nonsense.invalid": "cannot listen on nonsense.invalid",
        "digits --arm equl": "did you mean 'equal'?",
    },
    "register": {
        "": "Missing argument 'SWEEP'",
        "digits": "Missing argument 'NAME'",
        "missing name": "there is no sweep called 'missing'",
        "saved name": "saved is a model, and no sweep",
        "runs/digts name": "did you mean 'runs/digits'?",
        "digits ''": "name: MLflow refuses this",
        "digits a/b": "name: MLflow refuses this",
        "digits name --alias 'a b'": "alias: MLflow refuses this",
        "digits name more": "unexpected extra argument",
        "rows.npz name": "rows.npz is a file",
    },
    "export-weights": {
        "missing": "there is no sweep called 'missing'",
        "saved": "saved is a model, and no sweep",
        "digits --trial serch-0001": "did you mean 'search-0001'?",
        "digits --trial": "Option '--trial' requires an argument",
        "digits --last 0": "--last: a whole number of 1 or more",
        "digits --last two": "Invalid value for '--last'",
        "digits --format xml": "--format: not a format",
        "digits search-0001": "unexpected extra argument",
        "runs": "sweeps in it: digits",
        "afile": "afile is a file",
    },
    "export": {
        "": "Missing argument 'MODEL'",
        "missing": "there is no sweep called 'missing'",
        "digits --format onxx": "did you mean 'onnx'?",
        "digits --format torch --task lft": "did you mean 'left'?",
        "digits --format torch --output afile": "afile is a file; an exported model is a folder",
        "digits --format torch --output runs": "name a new folder",
        "digits --optuna a.txt": "no ending of Optuna's files",
        "digits --optuna nowhere/a.db": "there is no folder nowhere",
        "digits --overwrite": "belongs to --optuna",
        "digits --optuna a.db --task left": "has no meaning with --optuna",
        "saved --arm equal": "saved is a saved model",
        "saved --optuna a.db": "saved is a model, and no sweep",
    },
    "list": {
        "head": "did you mean 'heads'?",
        "softmax": "it is a member of heads: `mtl-search list heads`",
        "heads losses": "unexpected extra argument",
        "--format json": "No such option: --format",
        "optimiser": "did you mean 'optimizers'?",
        "task": "there is no family of this name",
        "models": "there is no family of this name",
        "''": "there is no family of this name",
        "Heads": "did you mean 'heads'?",
        "small.yaml": "there is no family of this name",
    },
    "schema": {
        "--output nowhere/s.json": "--output: cannot write the schema",
        "--output runs": "--output: cannot write the schema",
        "--output": "Option '--output' requires an argument",
        "s.json": "unexpected extra argument",
        "--reprt": "No such option: --reprt",
        "--format yaml": "No such option: --format",
        "report": "unexpected extra argument",
        "--output /proc/s.json": "--output: cannot write the schema",
        "--report --output ''": "--output: cannot write the schema",
        "-f": "No such option",
    },
    "ui": {
        "missing": "there is no sweep called 'missing'",
        "saved": "saved is a model, and no sweep",
        "digits --port 99999": "Invalid value for '--port'",
        "digits --port -1": "Invalid value for '--port'",
        "digits --port http": "Invalid value for '--port'",
        "digits more": "unexpected extra argument",
        "untracked": "the sweep is recorded nowhere",
        "smal.yaml": "did you mean 'small.yaml'?",
        "runs/digts": "did you mean 'runs/digits'?",
        "digits --hots localhost": "No such option: --hots",
    },
    "sync": {
        "missing": "there is no sweep called 'missing'",
        "saved": "saved is a model, and no sweep",
        "untracked": "the sweep is recorded nowhere",
        "digits --format xml": "--format: not a format",
        "nothing.yaml": "there is no config nothing.yaml",
        "rows.npz": "rows.npz is a file",
        "runs": "sweeps in it: digits",
        "runs/digts": "did you mean 'runs/digits'?",
        "digits more": "unexpected extra argument",
        "--resume digits": "No such option: --resume",
    },
    "jobs": {
        "lst": "Did you mean 'list'?",
        "list --address http://127.0.0.1:1": "no Ray cluster answers",
        "list --address nonsense": "no Ray cluster answers",
        "list --format xml": "--format: not a format",
        "status x --format xml": "--format: not a format",
        "status x --address 127.0.0.1:99999": "no Ray cluster answers",
        "logs x y": "unexpected extra argument",
        "logs x --address http://127.0.0.1:1": "no Ray cluster answers",
        "stop x --format xml": "--format: not a format",
        "stop x --address http://127.0.0.1:1": "no Ray cluster answers",
        "result x --format csv": "--format: not a format",
        "result x --adress auto": "No such option: --adress",
    },
}
LINES = [
    pytest.param(shlex.split(f"{command} {line}"), words, id=f"{command} {line}".strip())
    for command, mistakes in MISTAKES.items()
    for line, words in mistakes.items()
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the commands find."""
    folder = tmp_path_factory.mktemp("mistakes")
    sweep = kept_sweep(folder)
    Result(sweep).load_model().save(folder / "saved")
    shutil.copytree(sweep, folder / "runs" / "digits", ignore=shutil.ignore_patterns("trials"))
    untracked = shutil.copytree(folder / "runs" / "digits", folder / "untracked")
    config = untracked / "config.yaml"
    config.write_text(config.read_text().replace("enabled: true", "enabled: false"))
    np.savez(folder / "rows.npz", **digits(folder).raw)
    (folder / "small.yaml").write_text(yaml.safe_dump(small.tree()))
    (folder / "latin.yaml").write_bytes("name: caf\u00e9\n".encode("latin-1"))
    (folder / "afile").touch()
    return folder


@pytest.fixture
def folder(made: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The working directory, in which no command may leave anything."""
    monkeypatch.chdir(made)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    before = _files(made)
    yield made
    assert _files(made) == before


def _files(folder: Path) -> list[Path]:
    """What there is, but for the lock of a sweep's folder."""
    return sorted(path for path in folder.rglob("*") if path.name != ".lock")


@pytest.mark.parametrize(("arguments", "words"), LINES)
def test_a_mistake_is_answered_in_one_message(
    folder: Path, arguments: list[str], words: str
) -> None:
    status, output = run_cli(*arguments)
    told = " ".join(output.replace("│", " ").split())
    assert words in told, output
    assert status == WRONG_INPUT, output
    assert output.count("error: ") + output.count("─ Error ─") == 1, output
    assert "Traceback" not in output
    assert "internal error" not in output


def test_every_command_is_among_them() -> None:
    _, shown = run_cli("--help")
    commands = {line.split()[1] for line in shown.splitlines() if line.startswith("│ ")}
    known = {name for name in MISTAKES if name}
    assert known <= commands
    assert all(len(mistakes) >= 10 for mistakes in MISTAKES.values())
