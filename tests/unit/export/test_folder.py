"""Folders of models stand alone; what is wrong with one is told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mtl_search.errors import ConfigError, DataError, SweepError
from mtl_search.export import Model
from mtl_search.export.folder import FORMAT, load_model
from mtl_search.export.members import Member
from tests.support.exports import of_case
from tests.support.raw_rows import molecules, penguins, subwords
from tests.support.trials import train, trainer

# Runs without what trains: a finder that refuses these packages, and no data set.
_ELSEWHERE = """
import json, sys
blocked = ("ray", "optuna", "mlflow")
lean = ("torchmetrics", "torchvision", "transformers", "sklearn", "matplotlib", "torchcrf", "scipy")
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in blocked:
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
import mtl_search
frame = mtl_search.Model.load(sys.argv[1], trust_code=True).predict(sys.argv[2])
loaded = [name for name in (*blocked, *lean) if name in sys.modules]
print(json.dumps([frame["body_mass_g"].tolist(), frame["species"].tolist(), loaded]))
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    case = penguins(folder)
    made = trainer(case.config(), folder, case.data(), test=True, objective=lambda metrics: 0.0)
    train(made)
    Model.load(folder / "best", trust_code=True).save(folder / "model")
    case.raw.to_csv(folder / "new.csv", index=False)
    return folder


def test_it_predicts_where_nothing_trains(saved: Path, tmp_path: Path) -> None:
    expected = Model.load(saved / "model", trust_code=True).predict(saved / "new.csv")
    command = [sys.executable, "-c", _ELSEWHERE, str(saved / "model"), str(saved / "new.csv")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    masses, species, loaded = json.loads(done.stdout)
    np.testing.assert_allclose(masses, expected["body_mass_g"], rtol=1e-6)
    assert species == expected["species"].tolist()
    assert loaded == []


def test_the_folder_holds_two_files_and_no_pickle(saved: Path) -> None:
    assert sorted(path.name for path in (saved / "model").iterdir()) == [
        "model.json", "model.safetensors",
    ]  # fmt: skip
    card = json.loads((saved / "model" / "model.json").read_text())
    assert card["format"] == FORMAT
    assert card["mtl_search"]
    model = Model.load(saved / "model", trust_code=True)
    model.save(saved / "model")  # takes the place of the old one
    frame = Model.load(saved / "model", trust_code=True).predict(model.example())
    assert isinstance(frame, pd.DataFrame)


def test_a_tokenizer_travels_with_the_model(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    case = subwords(tmp_path)
    one, other = of_case(case), of_case(case)
    expected = one.predict(case.raw, output="arrays")
    members = [Member(one.members[0].predictor, ("relation",)), *other.members]
    Model(members).save(tmp_path / "here")
    (tmp_path / "here").rename(tmp_path / "there")
    (tmp_path / "encoder").rename(tmp_path / "gone")
    assert [path.name for path in (tmp_path / "there" / "preparation").iterdir()] == ["0"]
    model = Model.load(tmp_path / "there")
    for _ in range(2):
        predicted = model.predict(case.raw, output="arrays")
        np.testing.assert_array_equal(predicted["entities"], expected["entities"])
        model.save(tmp_path / "there")  # it takes its own files along
        model = Model.load(tmp_path / "there")

    # The networks of a sweep, which keeps the files once for all of them.
    card = tmp_path / "there" / "model.json"
    tree = json.loads(card.read_text())
    for part in tree["members"]:
        del part["files"]
    card.write_text(json.dumps(tree))
    kept = (tmp_path / "there" / "preparation" / "0").rename(tmp_path / "kept")
    members, _ = load_model(tmp_path / "there", files=kept)
    predicted = Model(members).predict(case.raw, output="arrays")
    np.testing.assert_array_equal(predicted["entities"], expected["entities"])
    with pytest.raises(DataError, match=r"cannot be used here"):
        Model.load(tmp_path / "there").predict(case.raw)
    with pytest.raises(DataError, match=r"cannot take along the encoder"):
        Model.load(tmp_path / "there").save(tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_what_is_wrong_with_a_folder(saved: Path, tmp_path: Path) -> None:
    model = Model.load(saved / "model", trust_code=True)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a.txt").write_text("mine")
    with pytest.raises(SweepError, match=r"has files in it and is no model"):
        model.save(tmp_path / "full")
    with pytest.raises(SweepError, match=r"is a file; a model is a folder"):
        model.save(tmp_path / "full" / "a.txt")
    with pytest.raises(SweepError, match=r"there is no model.json in it"):
        Model.load(tmp_path / "full")
    model.save(tmp_path / "m")
    card = tmp_path / "m" / "model.json"
    tree = json.loads(card.read_text())
    for change, problem in [
        ({"format": 9, "mtl_search": "9.0"}, "install version 9.0 or later"),
        ({"members": [{}]}, "model.json is no part of a model .KeyError"),
        ({"members": [{**tree["members"][0], "data": 3}]}, "model.json is no part of a model"),
    ]:
        card.write_text(json.dumps(tree | change))
        with pytest.raises(SweepError, match=problem):
            Model.load(tmp_path / "m", trust_code=True)
    card.write_text(json.dumps(tree))
    (tmp_path / "m" / "model.safetensors").write_bytes(b"broken")
    with pytest.raises(SweepError, match=r"model.safetensors is no part of a model"):
        Model.load(tmp_path / "m", trust_code=True)


def test_code_of_strangers_needs_consent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = molecules(tmp_path)
    made = trainer(case.config(), tmp_path, case.data(), test=True, objective=lambda _: 0.0)
    train(made)
    Model.load(tmp_path / "best", trust_code=True).save(tmp_path / "m")
    for folder in (tmp_path / "best", tmp_path / "m"):
        with pytest.raises(ConfigError, match=r"--trust-modules tests.support.molecules"):
            Model.load(folder)
    # The preparation alone, whose class would be imported at the first prediction.
    card = tmp_path / "m" / "model.json"
    tree = json.loads(card.read_text())
    tree["members"][0]["config"]["data"] = {"name": "table"}
    tree["members"][0]["data"]["preparation"]["name"] = "evil:Own"
    card.write_text(json.dumps(tree))
    with pytest.raises(ConfigError, match=r"preparation: this names code of the module 'evil'"):
        Model.load(tmp_path / "m")
    monkeypatch.chdir(tmp_path)
    assert Model.load("m").tasks == ("toxic", "active")
