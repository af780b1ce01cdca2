"""Names and arguments of a config that are checked before anything heavy is imported."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from mtl_search.api.component_check import check_components
from mtl_search.config import Config, load_config
from mtl_search.errors import ConfigError

PAIRS = Path(__file__).resolve().parents[3] / "configs" / "digit_pairs.yaml"
CONFIGS = sorted(PAIRS.parent.glob("*.yaml"))


def pairs(overrides: dict[str, Any]) -> Config:
    return load_config(PAIRS, overrides)


@pytest.mark.parametrize("path", CONFIGS, ids=[path.stem for path in CONFIGS])
def test_every_shipped_config_passes(path: Path) -> None:
    check_components(load_config(path))


MISTAKES: list[tuple[dict[str, Any], str, str]] = [
    ({"data.name": "digit_pair"}, "data.name", "did you mean 'digit_pairs'?"),
    ({"tasks.left.loss": {"name": "cross_entropy", "smoothing": 1}}, "tasks.left.loss.smoothing",
     "did you mean 'label_smoothing'?"),
    ({"tasks.left.role": "auxiliary", "tasks.right.role": "auxiliary",
      "tasks.same.role": "auxiliary"}, "tasks", "at least one task"),
    ({"training.weighting": "pcgrad"}, "training.weighting.name", "training.aggregator: pcgrad"),
    ({"training.aggregator": "uw"}, "training.aggregator.name", "training.weighting: uw"),
    ({"training.lr_multipliers.tasks": {"lift": 2}}, "training.lr_multipliers.tasks",
     "did you mean 'left'?"),
    ({"model.augment": ["RandomCrups"]}, "model.augment.0", "did you mean 'RandomCrop'?"),
    ({"model.augment": [{"name": "RandomHorizontalFlip", "q": 1}]}, "model.augment.0.q",
     "has no such argument"),
    ({"search.space": {"model.sharing.depht": {"int": [0, 2]}}},
     "search.space.model.sharing.depht", "did you mean 'depth'?"),
    ({"search.space": {"training.schedule": {"choice": ["cosine", "liner"]}}},
     "search.space.training.schedule", "did you mean 'linear'?"),
    ({"search.initial_points": ["uv"]}, "search.initial_points[0]", "did you mean 'uw'?"),
    ({"search.objective": "val/left/loos"}, "search.objective", "did you mean 'val/left/loss'?"),
    ({"tasks.left.loss": "nothing:loss"}, "tasks.left.loss.name", "cannot import module"),
]  # fmt: skip


@pytest.mark.parametrize(("overrides", "path", "words"), MISTAKES, ids=[m[1] for m in MISTAKES])
def test_a_mistake_is_told_with_its_path(overrides: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_components(pairs(overrides))
    assert caught.value.path == path
    assert words in str(caught.value)


def test_sources_and_their_policy_are_checked_too() -> None:
    sources = {"a": {"name": "digit_pairs", "trian": 10}}
    data: dict[str, Any] = {"name": "sources", "sources": sources}
    with pytest.raises(ConfigError, match=r"^data.sources.a.trian: .*\n.*\n  did you mean 'train'"):
        check_components(pairs({"data": data}))
    with pytest.raises(ConfigError, match=r"^data.sampling.name: .*(\n.*)*'uniform'"):
        check_components(pairs({"data": {**data, "sampling": "unifrom"}}))


def test_a_typing_error_is_told_before_code_of_the_user_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_losses.py").write_text("def make(scale=1.0):\n    return abs\n")
    monkeypatch.syspath_prepend(tmp_path)
    loss = {"name": "own_losses:make", "scal": 2}
    with pytest.raises(ConfigError, match="did you mean 'convnet'"):
        check_components(pairs({"tasks.left.loss": loss, "model.backbone": "convnets"}))
    with pytest.raises(ConfigError, match="did you mean 'scale'"):
        check_components(pairs({"tasks.left.loss": loss}))
    assert "own_losses" not in sys.modules


def test_a_data_set_that_is_given_takes_the_place_of_the_named_one() -> None:
    config = pairs({"data": "of_the_user"})
    check_components(config, has_data=True)
    with pytest.raises(ConfigError, match="there is no data set"):
        check_components(config)


def test_a_sweep_that_goes_on_needs_no_earlier_sweep() -> None:
    config = pairs({"search.initial_points": ["runs/gone"]})
    check_components(config, started=True)
    with pytest.raises(ConfigError, match="neither the folder of a sweep"):
        check_components(config)


def test_a_seed_need_not_be_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_data.py").write_text("def points(samples, seed):\n    return samples, seed\n")
    monkeypatch.syspath_prepend(tmp_path)
    check_components(pairs({"data": {"name": "own_data:points", "samples": 3}}))
    with pytest.raises(ConfigError, match="needs 'samples'"):
        check_components(pairs({"data": "own_data:points"}))


def test_a_config_without_a_data_set_needs_one_that_is_handed_over() -> None:
    tree = {
        "name": "given",
        "tasks": {"y": {"head": "regression"}},
        "model": {"backbone": "mlp"},
        "search": {"space": {"model.sharing.depth": {"int": [0, 2]}}},
    }
    config = load_config(tree)
    check_components(config, has_data=True)
    with pytest.raises(ConfigError, match="the config names no data set: name one, or") as caught:
        check_components(config)
    assert caught.value.path == "data"


def test_a_module_of_the_user_stands_for_an_augmentation() -> None:
    check_components(pairs({"model.augment": ["tests.support.own_parts:RightAugmentation"]}))
    with pytest.raises(ConfigError, match="cannot import module 'no_such_module'") as caught:
        check_components(pairs({"model.augment": ["no_such_module:Noise"]}))
    assert caught.value.path == "model.augment.0.name"
