"""The shipped config `penguins.yaml` and the data it names."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mtl_search.config import load_config
from mtl_search.data.datasets.build import build_data
from tests.support.repository import CONFIGS

CONFIG = CONFIGS / "penguins.yaml"


def test_data_of_the_config() -> None:
    config = load_config(CONFIG)
    data = build_data(config.data, config.seed)
    assert len(data) == 344
    assert {name: target.classes for name, target in data.targets.items()} == {
        "species": ("Adelie", "Chinstrap", "Gentoo"),
        "island": ("Biscoe", "Dream", "Torgersen"),
        "sex": ("female", "male"),
        "body_mass": (),
    }
    missing = {name: int((~target.labelled).sum()) for name, target in data.targets.items()}
    assert missing == {"species": 0, "island": 0, "sex": 11, "body_mass": 2}
    mass = data.targets["body_mass"].values
    assert (np.nanmin(mass), np.nanmax(mass)) == (2700, 6300)
    for rows in data.splits.values():
        counts = np.bincount(data.targets["species"].values[rows])
        assert (np.abs(counts - np.array([152, 68, 124]) * len(rows) / 344) <= 2).all()


def test_every_task_has_its_target() -> None:
    config = load_config(CONFIG)
    data = build_data(config.data, config.seed)
    assert {task.target or name for name, task in config.tasks.items()} == set(data.targets)


def test_the_file_can_be_given_by_path(tmp_path: Path) -> None:
    config = load_config(CONFIG)
    package = build_data(config.data, 0)
    lines = ["bill_length_mm,bill_depth_mm,flipper_length_mm,year,species,island,sex,body_mass_g"]
    lines += [
        f"{40 + k},{17 + k % 3},{190 + k},2007,{'AB'[k % 2]},C,{'mf'[k % 2]},{3000 + k}"
        for k in range(20)
    ]
    (tmp_path / "few.csv").write_text("\n".join(lines))
    own = build_data(load_config(CONFIG, [f"data.path={tmp_path / 'few.csv'}"]).data, 0)
    assert len(own) == 20 != len(package)
