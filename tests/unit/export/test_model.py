"""A saved model predicts from raw rows what the evaluator predicted from the data set."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from mtl_search.data.dataset import DataSet, Target
from mtl_search.data.spec import DataSpec, data_spec
from mtl_search.errors import ConfigError, DataError, SweepError
from mtl_search.export import Model
from mtl_search.export.members import Member
from mtl_search.models.build import build_network
from mtl_search.training.predictor import Predictor
from tests.support.raw_rows import CASES, SHARING, penguins
from tests.support.trials import config as trial_config
from tests.support.trials import data as trial_data
from tests.support.trials import train, trainer


def _network(seed: int, data: DataSet, settings: Any) -> Predictor:
    torch.manual_seed(seed)
    return Predictor(build_network(settings, data), settings, data_spec(data))


@pytest.mark.parametrize("name", CASES)
def test_raw_rows_give_what_the_evaluator_saw(name: str, tmp_path: Path) -> None:
    case = CASES[name](tmp_path)
    data = case.data()
    for sharing in SHARING if name != "vectors" else ["hard"]:
        folder = tmp_path / sharing
        made = trainer(case.config(sharing), folder, data, test=True, objective=lambda metrics: 0.0)
        train(made)
        network = made.network.eval()
        views = {view: torch.from_numpy(np.asarray(x[:])) for view, x in data.inputs.items()}
        masks = {view: torch.from_numpy(np.asarray(mask)) for view, mask in data.masks.items()}
        with torch.inference_mode():
            outputs = network(views, masks)
        expected = network.predict(outputs)

        Model.load(folder / "best", trust_code=True).save(folder / "saved")
        model = Model.load(folder / "saved", trust_code=True)
        predicted = model.predict(
            case.raw, batch_size=7, source=case.source, output="arrays", prepared=False
        )
        assert list(predicted) == list(case.tasks)
        for task, values in predicted.items():
            whole = expected[task].numpy()[: len(values)]
            np.testing.assert_allclose(values, whole, rtol=1e-5, atol=1e-6, err_msg=task)
        frame = model.predict(case.raw, source=case.source, output="frame", prepared=False)
        assert list(frame.columns) == list(model.outputs())
        assert len(frame) == len(next(iter(predicted.values())))


def test_names_of_classes_units_and_columns_in_any_order(tmp_path: Path) -> None:
    case = penguins(tmp_path)
    model = Model.of(_network(0, case.data(), case.config()))
    frame = model.predict(case.raw)
    classes = ["Adelie", "Chinstrap", "Gentoo"]
    assert list(frame.columns) == [
        "species", *(f"species:{name}" for name in classes), "body_mass_g",
    ]  # fmt: skip
    probabilities = frame[[f"species:{name}" for name in classes]].to_numpy()
    assert frame["species"].tolist() == [classes[k] for k in probabilities.argmax(1)]
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-5)

    turned = case.raw[case.raw.columns[::-1]].rename(index=lambda row: f"p{row}")
    again = model.predict(turned)
    assert again.index[3] == "p3"
    pd.testing.assert_frame_equal(again.reset_index(drop=True), frame)
    as_rows = model.predict(case.raw.head(5).to_dict("records"))
    pd.testing.assert_frame_equal(as_rows, frame.head(5))
    path = tmp_path / "new.csv"
    case.raw.drop(columns=["species"]).to_csv(path, index=False)
    pd.testing.assert_frame_equal(model.predict(path, batch_size=50), frame)
    parts = list(model.predict_batches(str(path), tasks="body_mass_g"))
    assert [list(part.columns) for part in parts] == [["body_mass_g"]]


def test_mistakes_in_the_rows_are_one_sentence(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    case = penguins(tmp_path)
    model = Model.of(_network(0, case.data(), case.config()))
    for rows, problem in [
        (case.raw.rename(columns={"island": "Islands"}), "'island' .did you mean 'Islands'"),
        (case.raw.drop(columns=["sex"]), "lacks the column 'sex'"),
        (case.raw.head(0), "has no rows"),
        (case.raw.assign(bill_length_mm="long"), "'bill_length_mm' is numeric, but row 0 .'long'"),
        (np.zeros((3, 2)), r"the shape \(3, 2\); needed: \(rows, 4\)"),
        (7, "the input is a int; rows are needed"),
        ("no_such.csv", "no_such.csv is no table"),
        ({"island": ["Dream"], "sex": []}, "differ in length"),
    ]:
        with pytest.raises(DataError, match=problem):
            model.predict(rows)
    with caplog.at_level(logging.WARNING):
        model.predict(case.raw.assign(island="Sark"), batch_size=5)
    (warning,) = [record.getMessage() for record in caplog.records]
    assert warning == (
        f"{len(case.raw)} rows have a category in column 'island' that training did not see, "
        f"'Sark' ({len(case.raw)}): it counts as `other`"
    )
    with pytest.raises(ConfigError, match=r"did you mean 'species'"):
        model.predict(case.raw, tasks=["specis"])
    with pytest.raises(ConfigError, match=r"not a form of output"):
        model.predict(case.raw, output="table")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"batch_size"):
        model.predict(case.raw, batch_size=0)
    with pytest.raises(DataError, match=r"trained on one alone"):
        model.predict(case.raw, source="left")


def test_the_row_of_a_mistake_counts_from_the_first_batch(tmp_path: Path) -> None:
    case = penguins(tmp_path)
    model = Model.of(_network(0, case.data(), case.config()))
    many = pd.concat([case.raw] * 30, ignore_index=True).astype({"bill_length_mm": object})
    many.loc[9000, "bill_length_mm"] = "long"
    with pytest.raises(DataError, match=r"row 9000 \('long'\) is not a number"):
        model.predict(many)


def test_prepared_views_are_taken_as_they_are() -> None:
    data = trial_data()
    model = Model.of(_network(0, data, trial_config()))
    given = model.predict({"x": data.inputs["x"]})
    assert {task: values.shape for task, values in given.items()} == {
        "kind": (80, 3), "flag": (80,), "size": (80,),
    }  # fmt: skip
    # Lists, as a request has them, are raw; they need not have the views that no task reads.
    frame = model.predict({"x": data.inputs["x"][:4].tolist()})
    np.testing.assert_allclose(frame["size"], given["size"][:4], rtol=1e-5)
    with pytest.raises(DataError, match=r"lacks the view 'x'"):
        model.predict({"y": data.inputs["x"]})
    with pytest.raises(SweepError, match=r"missing: \['x'\]"):
        model.predict({"y": data.inputs["x"]}, prepared=True)
    with pytest.raises(DataError, match=r"\(80, 5\); training saw \(N, 6\)"):
        model.predict({"x": data.inputs["x"][:, 1:].astype(float)})
    with pytest.raises(DataError, match=r"has samples of the shape"):
        model.predict({"x": data.inputs["x"][:, 1:]})


def test_an_ensemble_gives_mean_and_spread() -> None:
    data = trial_data()
    settings = trial_config()
    networks = [_network(seed, data, settings) for seed in (1, 2, 3)]
    tasks = ("kind", "flag", "size")
    model = Model([Member(network, tasks) for network in networks])
    assert model.is_ensemble
    x = {"x": data.inputs["x"]}
    each = [network.predict(x) for network in networks]
    arrays = model.predict(x)
    for task in tasks:
        stacked = np.stack([one[task] for one in each])
        np.testing.assert_allclose(arrays[task], stacked.mean(0), rtol=1e-6)
        np.testing.assert_allclose(arrays[f"{task}:spread"], stacked.std(0), rtol=1e-5, atol=1e-7)
    frame = model.predict(x, output="frame")
    chosen = arrays["kind"].argmax(1)
    spread = arrays["kind:spread"][np.arange(80), chosen]
    np.testing.assert_allclose(frame["kind:spread"], spread)
    assert list(frame.columns) == list(model.outputs())
    with pytest.raises(SweepError, match=r"3 networks"):
        _ = model.network


def test_separate_networks_have_the_same_interface(tmp_path: Path) -> None:
    data = trial_data()
    settings = trial_config()
    networks = {task: _network(k, data, settings) for k, task in enumerate(("kind", "size"))}
    members = [Member(network, (task,), trial=task) for task, network in networks.items()]
    Model(members, {"sweep": "two"}).save(tmp_path / "two")
    model = Model.load(tmp_path / "two")
    assert model.tasks == ("kind", "size")
    assert model.info == {"sweep": "two"}
    assert [member.trial for member in model.members] == ["kind", "size"]
    assert not model.is_ensemble
    x = {"x": data.inputs["x"]}
    for task, values in model.predict(x).items():
        np.testing.assert_allclose(values, networks[task].predict(x)[task], rtol=1e-6)


def test_old_networks_say_what_they_need() -> None:
    data = trial_data()
    network = _network(0, data, trial_config())
    tree = data_spec(data).to_json()
    del tree["preparation"]
    model = Model.of(Predictor(network.network, network.config, DataSpec.from_json(tree)))
    assert model.preparation is None
    assert model.predict({"x": data.inputs["x"]})["kind"].shape == (80, 3)
    with pytest.raises(SweepError, match=r"kept by version 0.2.*views x as the data set"):
        model.predict(pd.DataFrame({"a": [1]}))


def test_progress_counts_rows(tmp_path: Path) -> None:
    case = penguins(tmp_path)
    model = Model.of(_network(0, case.data(), case.config()))
    assert model.preparation is not None
    first = model.preparation.chunk
    many = pd.concat([case.raw] * (first // len(case.raw) + 1), ignore_index=True)
    told: list[tuple[int, int | None]] = []
    model.predict(many, progress=lambda done, total: told.append((done, total)))
    assert told == [(first, len(many)), (len(many), len(many))]


def test_numbers_beyond_the_vocabulary(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    words = rng.integers(0, 9, (20, 4))
    data = DataSet(
        {"words": words},
        {"kind": Target(np.arange(20) % 2, "class", ("a", "b"))},
        {"train": np.arange(10), "validation": np.arange(10, 15), "test": np.arange(15, 20)},
    )
    tree = {
        "name": "a",
        "data": "arrays",
        "tasks": {"kind": {"head": "softmax"}},
        "model": {"backbone": {"name": "bilstm", "vocabulary": 9, "hidden": 4, "layers": 1}},
    }
    from mtl_search.config import parse

    model = Model.of(_network(0, data, parse(tree)))
    assert len(model.predict({"words": words.tolist()})) == 20
    with pytest.raises(DataError, match=r"no vectors for: 'words' from 9 to 9"):
        model.predict({"words": [[9, 9, 9, 9]]})
    with pytest.raises(DataError, match=r"training saw whole numbers"):
        model.predict({"words": [[0.5, 1, 2, 3]]})
