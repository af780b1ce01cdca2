"""Families of tasks: one section for many."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from mtl_search.config import Config, load_config, to_dict, to_yaml
from mtl_search.config.families.tasks import folded, has_families, with_members, with_named_members
from mtl_search.errors import ConfigError

TARGETS = [f"assay_{number:03d}" for number in range(40)] + ["weight"]


def family_config(tasks: dict[str, Any], **sections: Any) -> Config:
    return load_config(
        {"name": "demo", "data": "unused", "model": {"backbone": "mlp"}, "tasks": tasks, **sections}
    )


def test_a_pattern_is_a_section_for_each_target_that_it_matches() -> None:
    config = family_config({"assay_*": {"head": "binary", "metrics": "auroc"}})
    assert has_families(config)
    expanded = with_members(config, TARGETS)
    assert list(expanded.tasks) == TARGETS[:-1]
    assert {task.head.name for task in expanded.tasks.values()} == {"binary"}
    assert expanded.main_tasks == tuple(TARGETS[:-1])
    assert with_members(expanded, []) is expanded


def test_a_name_of_its_own_beats_patterns_and_the_more_specific_pattern_a_general_one() -> None:
    config = family_config(
        {
            "*": {"head": "regression"},
            "assay_*": {"head": "binary", "metrics": ["auroc", "f1"]},
            "assay_007": {"role": "auxiliary"},
            "assay_008": {"head": "softmax"},
        }
    )
    tasks = with_members(config, TARGETS).tasks
    assert list(tasks)[:2] == ["weight", "assay_000"]
    assert tasks["weight"].head.name == "regression"
    assert tasks["assay_001"].head.name == "binary"
    # Without a head the rest is the family's; with one nothing is.
    assert (tasks["assay_007"].head.name, tasks["assay_007"].role) == ("binary", "auxiliary")
    assert tasks["assay_007"].metrics == ("auroc", "f1")
    assert (tasks["assay_008"].head.name, tasks["assay_008"].metrics) == ("softmax", ())
    assert len(tasks) == len(TARGETS)


def test_a_target_that_a_task_names_belongs_to_no_pattern() -> None:
    config = family_config(
        {"assay_*": {"head": "binary"}, "toxic": {"head": "binary", "target": "assay_003"}}
    )
    tasks = with_members(config, TARGETS).tasks
    assert "assay_003" not in tasks
    assert "toxic" in tasks


def test_a_pattern_without_targets_and_one_with_a_target_are_refused() -> None:
    config = family_config({"assey*": {"head": "binary"}})
    with pytest.raises(ConfigError, match=r"tasks\.assey\*: the pattern matches none") as caught:
        with_members(config, TARGETS)
    assert "assay_0" in str(caught.value)
    with pytest.raises(ConfigError, match=r"tasks\.assay_\*\.target"):
        family_config({"assay_*": {"head": "binary", "target": "weight"}})


def test_texts_of_the_environment_are_remembered_for_each_task(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HEAD_WORD", "mean")
    config = family_config({"assay_*": {"head": {"name": "binary", "pooling": "${HEAD_WORD}"}}})
    written = with_members(config, TARGETS[:2]).written
    assert set(written.values()) == {"${HEAD_WORD}"}
    assert ("tasks", "assay_001", "head", "pooling") in written
    assert "${HEAD_WORD}" in to_yaml(with_members(config, TARGETS))


def test_the_file_of_a_sweep_is_short_and_gives_the_same_tasks_without_data(
    tmp_path: Path,
) -> None:
    tasks: dict[str, Any] = {"assay_*": {"head": "binary"}, "assay_020": {"loss_weight": 2.0}}
    config = with_members(family_config(tasks), TARGETS)
    file = tmp_path / "config.yaml"
    file.write_text(to_yaml(config))
    read = load_config(file)
    assert to_dict(read) == to_dict(config)
    assert list(read.tasks) == list(config.tasks)
    assert set(yaml.safe_load(file.read_text())["tasks"]) == {"assay_0*", "assay_020"}
    changed = load_config(file, ["tasks.assay_003.loss_weight=3"])
    assert changed.tasks["assay_003"].loss_weight == 3
    assert changed.tasks["assay_003"].head.name == "binary"
    assert set(changed.tasks) == set(config.tasks)


def test_rows_of_equal_sections_are_folded_in_their_order() -> None:
    first = {f"a{number}": {"head": "x"} for number in range(9)}
    tasks = {**first, "b": {"head": "y"}, **{f"a{n}": {"head": "x"} for n in range(20, 29)}}
    shorter = folded(tasks)
    assert [*shorter] == ["a*", "b", "a2*"]
    assert shorter["a*"]["names"] == list(first)
    assert folded({"a": {"head": "x"}, "b": {"head": "x"}}) == {
        "a": {"head": "x"},
        "b": {"head": "x"},
    }


def test_the_names_of_a_family_are_a_list() -> None:
    with pytest.raises(ConfigError, match=r"tasks\.a_\*\.names: a list of names is needed"):
        with_named_members({"tasks": {"a_*": {"head": "binary", "names": "a_1"}}})
