"""Mistakes that only data, network or space can show, each found before anything trains."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

from mtl_search.config import load_config
from mtl_search.data import Target
from mtl_search.errors import ConfigError
from mtl_search.search import preflight
from tests.support import small_sweeps as small

HERE = "tests.support.small_sweeps"


def message(overrides: dict[str, Any]) -> str:
    with pytest.raises(ConfigError) as caught:
        preflight.check_sweep(small.config(overrides), small.DATA)
    return str(caught.value)


def test_a_sweep_without_a_main_task_is_refused() -> None:
    text = message({"tasks.kind.role": "auxiliary", "tasks.size.role": "auxiliary"})
    assert text.startswith("tasks: at least one task must have the role main")


def test_a_good_config_gives_its_network() -> None:
    network = preflight.check_sweep(small.config(), small.DATA).network
    assert list(network.heads) == ["kind", "size", "flag"]


def test_weightings_and_aggregators_are_searched_with_their_arguments() -> None:
    space = {
        "training.weighting": {"choice": ["static", "uw", {"name": "dwa", "temperature": 1.5}]},
        "training.weighting.lr": {"log": [1e-3, 1e-1], "when": {"training.weighting": "uw"}},
        "training.aggregator": {"choice": [None, "pcgrad", {"name": "cagrad", "c": 0.2}]},
        "training.aggregator.c": {
            "float": [0.1, 0.9],
            "when": {"training.aggregator": {"name": "cagrad", "c": 0.2}},
        },
    }
    preflight.check_sweep(small.config({"search.space": space}), small.DATA)


def test_synchronised_batch_normalisation_is_refused_where_there_is_no_gpu() -> None:
    alone = {"training.sync_batch_norm": True}
    preflight.check_sweep(
        small.config(alone), small.DATA
    )  # one worker has nobody to synchronise with
    text = message({**alone, "resources.workers": 2})
    assert text.startswith(
        "training.sync_batch_norm: torch synchronises batch normalisation between workers on GPUs"
    )
    preflight.check_sweep(
        small.config({**alone, "resources.workers": 2, "resources.gpus_per_worker": 1}), small.DATA
    )


POPULATION: list[tuple[dict[str, Any], str, str]] = [
    (
        {"model.sharing.depth": {"int": [0, 2]}},
        "search.space.model.sharing.depth",
        "cannot change then",
    ),
    (
        {"tasks.kind.head.dropout": {"float": [0, 0.5]}},
        "search.space.tasks.kind.head.dropout",
        "give tasks.kind.head",
    ),
    (
        {"training.batch_size": {"int": [8, 16]}},
        "search.space.training.batch_size",
        "training.lr_multipliers.* as a range",
    ),
    (
        {"training.optimizer.name": {"choice": ["adam", "sgd"]}},
        "search.space.training.optimizer.name",
        "=null",
    ),
    (
        {"training.optimizer.lr": {"choice": [0.1, 0.2]}},
        "search.space.training.optimizer.lr",
        "as a range",
    ),
    (
        {"training.optimizer": {"choice": ["adam", "sgd"]}},
        "search.space.training.optimizer",
        "cannot change",
    ),
    (
        {"tasks.kind.loss_weight": {"choice": [1, 2]}},
        "search.space.tasks.kind.loss_weight",
        "cannot change",
    ),
    (
        {
            "training.optimizer.lr": {
                "log": [1e-3, 1e-1],
                "when": {"training.optimizer.name": "adamw"},
            }
        },
        "search.space.training.optimizer.lr.when",
        "cannot follow conditions",
    ),
]


@pytest.mark.parametrize(
    ("space", "where", "words"), POPULATION, ids=[where for _, where, _ in POPULATION]
)
def test_what_a_population_cannot_change_is_refused(
    space: dict[str, Any], where: str, words: str
) -> None:
    text = message({"search.scheduler": {"name": "pbt", "interval": 1}, "search.space": space})
    assert text.startswith(f"{where}: pbt c")
    assert words in text


def test_what_a_population_may_change() -> None:
    space = {
        "tasks.*.loss_weight": {"log_ratio": 10, "reference": "kind"},
        "training.optimizer.lr": {"log": [1e-4, 1e-1]},
        "training.optimizer.weight_decay": {"float": [0, 0.1]},
        "training.lr_multipliers.backbone": {"log": [0.1, 1]},
        "training.lr_multipliers.tasks.kind": {"float": [0.5, 1]},
    }
    config = small.config(
        {"search.scheduler": {"name": "pbt", "interval": 1}, "search.space": space}
    )
    preflight.check_sweep(config, small.DATA)
    with pytest.raises(
        ConfigError, match=r"^search.scheduler.name: a population needs search.space"
    ):
        preflight.check_sweep(config, small.DATA, needs_space=False)


def test_a_target_with_one_label_teaches_nothing() -> None:
    targets = dict(small.DATA.targets)
    targets["kind"] = Target(np.zeros(small.SAMPLES, np.int64), "class", ("a",))
    with pytest.raises(
        ConfigError,
        match=r"tasks.kind.target: there is nothing to learn, all its labels .* are 'a'",
    ):
        preflight.check_sweep(small.config(), dataclasses.replace(small.DATA, targets=targets))
    targets = {
        **small.DATA.targets,
        "size": Target(np.where(np.arange(small.SAMPLES) % 3, 2.5, np.nan), "real"),
    }
    with pytest.raises(
        ConfigError,
        match=r"tasks.size.target: there is nothing to learn, all its labels .* are 2.5",
    ):
        preflight.check_sweep(small.config(), dataclasses.replace(small.DATA, targets=targets))


def test_a_range_of_fractions_for_whole_numbers_is_refused() -> None:
    text = message({"search.space.training.epochs": {"float": [1, 4]}})
    assert text.startswith("search.space.training.epochs: fails where this is 2.1")
    assert "a whole number is needed" in text


def test_one_trial_is_no_population() -> None:
    text = message({"search.scheduler": {"name": "pbt", "interval": 1}, "search.trials": 1})
    assert text.startswith("search.trials: a population has two members or more")


def test_the_check_leaves_the_random_state_alone() -> None:
    before = torch.get_rng_state()
    preflight.check_sweep(
        small.config({"training.aggregator": "graddrop", "training.weighting": "random"}),
        small.DATA,
    )
    torch.testing.assert_close(torch.get_rng_state(), before)


SPACE: list[tuple[str, dict[str, Any], str]] = [
    # path in the space, entry, words
    ("tasks.knd.loss_weight", {"float": [0.5, 2]}, "did you mean 'kind'?"),
    ("tasks", {"choice": [1]}, "tasks.<task>.<key>"),
    ("tasks.kind", {"choice": [1]}, "tasks.<task>.<key>"),
    ("tasks.*.hed.dropout", {"float": [0, 0.5]}, "did you mean 'head'?"),
    ("tasks.kind.head.drop", {"float": [0, 0.5]}, "did you mean 'dropout'?"),
    ("model.backbone.width", {"choice": [[4], [8]]}, "did you mean 'widths'?"),
    ("model.backbone.widths", {"choice": [[4, 4], [0]]}, "whole number"),
    ("model.sharing.deph", {"int": [0, 1]}, "did you mean 'depth'?"),
    ("model.sharing.depth", {"int": [0, 3]}, "fails where this is 3"),
    ("model.sharing.depth", {"int": [-1, 2]}, "fails where this is -1"),
    ("training.epoch", {"int": [1, 2]}, "did you mean 'epochs'?"),
    ("training.epochs", {"int": [0, 2]}, "fails where this is 0"),
    ("training.optimizer.lrr", {"log": [1e-4, 1e-2]}, "did you mean 'lr'?"),
    ("training.optimizer.lr", {"float": [-1, 1]}, "fails where this is -1.0"),
    ("training.optimizer.name", {"choice": ["adam", "adamm"]}, "did you mean 'adam'?"),
    ("training.schedule", {"choice": [None, "cosin"]}, "did you mean 'cosine'?"),
    ("training.weighting", {"choice": ["uw", "dwe"]}, "did you mean 'dwa'?"),
    (
        "training.weighting.temperature",
        {"log": [0.1, 5]},
        "weighting 'static' has no such argument",
    ),
    ("training.aggregator", {"choice": [None, "pcgrd"]}, "did you mean 'pcgrad'?"),
    ("training.aggregator", {"choice": [{"name": "cagrad", "c": -1}]}, "training.aggregator.c"),
    ("training.aggregator.name", {"choice": ["mgda", "sdmgrad"]}, "two independent batches"),
    ("data.train", {"int": [1, 2]}, "cannot be searched"),
    ("search.trials", {"int": [1, 2]}, "cannot be searched"),
    ("tasks.*.loss_weight", {"log_ratio": 10, "reference": "knd"}, "did you mean 'kind'?"),
    (
        "tasks.size.loss_weight",
        {"log_ratio": 10, "reference": "kind"},
        "log_ratio is for tasks.*.loss_weight",
    ),
    (
        "training.batch_size",
        {"choice": [8], "when": {"model.sharing.deep": 1}},
        "the condition names nothing in the config\n  value:    'model.sharing.deep'",
    ),
]


@pytest.mark.parametrize(
    ("path", "entry", "words"), SPACE, ids=[f"{path} {entry}" for path, entry, _ in SPACE]
)
def test_a_mistake_in_the_space_is_found_at_its_path(
    path: str, entry: dict[str, Any], words: str
) -> None:
    text = message({"search.space": {path: entry}})
    assert text.startswith(f"search.space.{path}")
    assert words in text


def test_two_entries_for_one_value_are_refused() -> None:
    text = message({"search.space.tasks.size.loss_weight": {"float": [0.5, 2]}})
    assert text.startswith(
        "search.space.tasks.size.loss_weight: another entry of the space searches"
    )


def test_conditions_in_a_circle_are_refused() -> None:
    text = message(
        {
            "search.space.training.batch_size": {"choice": [8], "when": {"training.accumulate": 1}},
            "search.space.training.accumulate": {"choice": [1], "when": {"training.batch_size": 8}},
        }
    )
    assert "circle: training.batch_size → training.accumulate → training.batch_size" in text


def test_an_empty_space_is_refused_where_something_is_to_be_searched() -> None:
    assert message({"search.space": {}}).startswith("search.space: ")
    config = small.config({"search.space": {}})
    preflight.check_sweep(config, small.DATA, needs_space=False)
    preflight.check_sweep(small.config({"search.space": {}, "search.arms": ["equal"]}), small.DATA)


def test_a_conditional_value_is_checked_where_its_condition_holds() -> None:
    entries = {
        "model.backbone.name": {"choice": ["mlp", "convnet"]},
        "model.backbone.widths": {
            "choice": [[4, 4], [8, 8]],
            "when": {"model.backbone.name": "mlp"},
        },
    }
    text = message({"search.space": entries, "model.backbone": "mlp"})
    assert (
        "search.space.model.backbone.name: fails where this is 'convnet'" in text
    )  # no images in this data
    del entries["model.backbone.name"]
    config = small.config({"search.space": entries, "model.backbone": "mlp"})
    preflight.check_sweep(config, small.DATA)
    momentum: dict[str, Any] = {
        "training.optimizer.name": {"choice": ["adamw", "sgd"]},
        "training.optimizer.momentum": {
            "float": [0.0, 0.9],
            "when": {"training.optimizer.name": "sgd"},
        },
    }
    preflight.check_sweep(small.config({"search.space": momentum}), small.DATA)
    momentum["training.optimizer.momentum"]["when"] = {"training.optimizer.name": ["adamw"]}
    assert "no such argument" in message({"search.space": momentum})


LATE: list[tuple[str, Any, str, str]] = [
    # path, value, where the message says it is, words
    ("tasks.kind.head", "softmx", "tasks.kind.head", "did you mean 'softmax'?"),
    ("tasks.kind.head", "regression", "tasks.kind.head", "allowed:  softmax"),
    ("tasks.kind.head", "crf", "tasks.kind.head", "softmax"),
    ("tasks.kind.head.drop", 0.5, "tasks.kind.head.drop", "did you mean 'dropout'?"),
    ("tasks.kind.head.dropout", 2, "tasks.kind.head.dropout", "a number of at least 0"),
    ("tasks.kind.target", "knd", "tasks.kind.target", "did you mean 'kind'?"),
    ("tasks.size.target", "never", "tasks.size.target", "the train split has no label"),
    ("tasks.kind.view", "z", "tasks.kind.view", "allowed:  x, y"),
    ("tasks.kind.view", ["x", "y"], "tasks.kind.view", "reads 1 view(s)"),
    ("tasks.kind.view", [], "tasks.kind.view", "say which"),
    ("tasks.kind.metrics", ["accuracy", "r2"], "tasks.kind.metrics", "value:    'r2'"),
    ("tasks.size.metrics", "accuracy", "tasks.size.metrics", "allowed:  r2, mae, rmse, mse"),
    ("tasks.kind.loss", "mse", "tasks.kind.loss", "cross_entropy"),
    ("model.backbone", "mpl", "model.backbone", "did you mean 'mlp'?"),
    ("model.backbone", "convnet", "model.backbone.name", "images"),
    (
        "model.backbone",
        f"{HERE}:broken_backbone",
        "model",
        "ZeroDivisionError: a mistake of the user's",
    ),
    ("model.backbone", f"{HERE}:NOT_CALLABLE", "model.backbone", "this is a int"),
    ("model.backbone", f"{HERE}:nothing", "model.backbone", "has no attribute 'nothing'"),
    ("model.backbone", "no.such.module:x", "model.backbone", "cannot import module"),
    ("model.sharing", "sotf", "model.sharing", "did you mean 'soft'?"),
    ("model.sharing.depth", 3, "model.sharing.depth", "from 0 to 2"),
    ("model.sharing.depth", {"knd": 1}, "model.sharing.depth", "did you mean 'kind'?"),
    ("training.optimizer", "adamm", "training.optimizer", "did you mean 'adam'?"),
    ("training.optimizer.lrr", 1, "training.optimizer.lrr", "did you mean 'lr'?"),
    ("training.optimizer.lr", -1.0, "training.optimizer", "Invalid learning rate"),
    (
        "training.optimizer.lr",
        "high",
        "training.optimizer.lr",
        "a number is needed, such as 0.001; cannot build optimizer 'adamw'",
    ),
    ("training.optimizer.betas", 0.9, "training.optimizer.betas", "a list of 2 numbers is needed"),
    (
        "training.schedule",
        {"name": "step", "step_size": 1, "gamma": "half"},
        "training.schedule.gamma",
        "a number is needed, such as 0.1; cannot build schedule 'step'",
    ),
    ("training.schedule", "cosin", "training.schedule", "did you mean 'cosine'?"),
    ("training.schedule", "step", "training.schedule", "needs 'step_size'"),
    (
        "training.schedule",
        {"name": "cosine", "eta": 0},
        "training.schedule.eta",
        "did you mean 'eta_min'?",
    ),
    ("search.scheduler", "ahsa", "search.scheduler", "did you mean 'asha'?"),
    (
        "search.scheduler",
        {"name": "asha", "grace": 1},
        "search.scheduler.grace",
        "did you mean 'grace_period'?",
    ),
    ("search.sampler", "tpee", "search.sampler", "did you mean 'tpe'?"),
    ("search.sampler", {"name": "tpe", "startup": 1}, "search.sampler.startup", "n_startup_trials"),
    (
        "search.sampler",
        {"name": "tpe", "n_startup_trials": -1},
        "search.sampler.n_startup_trials",
        "at least 0",
    ),
    (
        "search.sampler",
        {"name": "tpe", "n_ei_candidates": "x"},
        "search.sampler.n_ei_candidates",
        "at least 1",
    ),
    ("search.sampler", {"name": "builtins:str"}, "search.sampler", ""),
    ("search.objective", "delta", "search.objective", "did you mean 'delta_m'?"),
    (
        "search.objective",
        "val/kind/r2",
        "search.objective",
        "allowed:  skill, delta_m, val/kind/accuracy, val/kind/loss",
    ),
    ("search.objective", "val/kind/f1", "search.objective", "not an objective of these tasks"),
    (
        "search.objective",
        f"{HERE}:NOT_CALLABLE",
        "search.objective",
        "a function of the metrics is needed",
    ),
    ("search.objective", f"{HERE}:add_upp", "search.objective", "did you mean 'add_up'?"),
]


@pytest.mark.parametrize(
    ("path", "value", "where", "words"), LATE, ids=[f"{path} {value}" for path, value, *_ in LATE]
)
def test_a_mistake_that_only_building_shows(path: str, value: Any, where: str, words: str) -> None:
    text = message({path: value})
    assert text.startswith(where)
    assert words in text


def test_finalists_need_labels_of_main_tasks_to_be_judged_by() -> None:
    labels = small.DATA.targets["size"].values.copy()
    labels[small.DATA.splits["test"]] = np.nan
    data = dataclasses.replace(
        small.DATA, targets={**small.DATA.targets, "size": Target(labels, "real")}
    )
    with pytest.raises(
        ConfigError, match=r"(?s)^tasks\.size\.target: the test split .*search\.finalists\.top=0"
    ):
        preflight.check_sweep(small.config(), data)
    preflight.check_sweep(small.config({"search.finalists.top": 0}), data)
    preflight.check_sweep(small.config({"tasks.size.role": "auxiliary"}), data)


def test_a_sweep_whose_metrics_say_nothing_is_refused() -> None:
    size = small.DATA.targets["size"].values.copy()
    size[small.DATA.splits["test"]] = 0.5
    targets = {**small.DATA.targets, "size": Target(size, "real")}
    data = dataclasses.replace(small.DATA, targets=targets)
    alone = {"tasks.kind.role": "auxiliary"}
    with pytest.raises(ConfigError, match=r"(?s)^tasks\.size\.metrics: .*size: r2"):
        preflight.check_sweep(small.config(alone), data)
    preflight.check_sweep(small.config({**alone, "tasks.size.metrics": ["mae"]}), data)


@pytest.mark.parametrize("name", ["a.b", "a/b", "", " x", "x ", "a=b", ".."])
def test_a_task_name_that_paths_cannot_carry_is_refused(name: str) -> None:
    given = small.tree()
    given["tasks"][name] = {**given["tasks"]["kind"], "target": "kind"}
    with pytest.raises(ConfigError, match=r"^tasks: a task's name is part of dotted paths"):
        preflight.check_sweep(load_config(given), small.DATA)


@pytest.mark.parametrize(
    "objective", ["skill", "delta_m", "val/kind/accuracy", "val/flag/loss", f"{HERE}:add_up"]
)
def test_objectives_that_are_there(objective: str) -> None:
    preflight.check_sweep(small.config({"search.objective": objective}), small.DATA)


@pytest.mark.parametrize(
    ("task", "labels", "metric", "reason"),
    [
        ("size", 0.5, "r2", "all labels are alike in the validation split"),
        ("flag", 1, "auroc", "only one outcome occurs in the validation split"),
    ],
)
def test_an_objective_that_is_undefined_on_validation_is_refused(
    task: str, labels: float, metric: str, reason: str
) -> None:
    target = small.DATA.targets[task]
    values = target.values.copy()
    values[small.DATA.splits["validation"]] = labels
    targets = {**small.DATA.targets, task: dataclasses.replace(target, values=values)}
    data = dataclasses.replace(small.DATA, targets=targets)
    objective = f"val/{task}/{metric}"
    changes = {"search.objective": objective, f"tasks.{task}.metrics": [metric]}
    with pytest.raises(ConfigError, match=rf"(?s)^search\.objective: .*{reason}.*{objective}"):
        preflight.check_sweep(small.config(changes), data)


def test_random_splits_that_the_data_do_not_allow_are_refused() -> None:
    official = {"train": "a.csv", "validation": "b.csv", "test": "c.csv"}
    data = {"name": "table", "path": official, "targets": {"kind": "class"}}
    config = small.config({"search.finalists.splits": 2, "data": data})
    with pytest.raises(ConfigError, match=r"^search\.finalists\.splits: `data\.path` says the spl"):
        preflight.check_sweep(config, small.DATA)
    preflight.check_sweep(config, small.DATA, handed_over=True)
    preflight.check_sweep(small.config({"search.finalists.splits": 2}), small.DATA)
