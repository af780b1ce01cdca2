"""Every sharing policy, head and backbone goes out, and the file computes what the network does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mtl_search.errors import ConfigError, SweepError
from mtl_search.export import Model
from mtl_search.export.check import TOLERANCE
from mtl_search.models.backbones import BACKBONES
from mtl_search.models.heads import HEADS
from mtl_search.models.heads.crf import Crf
from mtl_search.models.sharing import SHARING
from tests.support.exports import every_head, image_model, of_case, readme_code
from tests.support.raw_rows import pairs, penguins, sentences, subwords
from tests.support.trials import all_heads

POLICIES: dict[str, Any] = {
    "hard": {"name": "hard", "depth": {"crf": 0, "pair": 1}},
    "soft": {"name": "soft", "strength": 0.1},
    "cross_stitch": {"name": "cross_stitch"},
}
TIMM = {"name": "timm", "model": "resnet10t", "pretrained": False}
MODELS: dict[str, Any] = {
    "mlp": lambda folder: of_case(penguins(folder)),
    "convnet": lambda _: image_model({"name": "convnet", "channels": [4, 4]}),
    "timm": lambda _: image_model(TIMM),
}


def _packages(name: str) -> None:
    if name == "timm":
        pytest.importorskip("timm")


_LONG = {("onnx", "soft"), ("onnx", "cross_stitch")}


def test_no_member_of_a_table_is_left_out() -> None:
    assert set(POLICIES) == set(SHARING)
    assert {*MODELS, "bilstm", "transformer"} == set(BACKBONES)  # the latter read sentences
    assert set(all_heads()[0].tasks) == set(HEADS)


@pytest.mark.parametrize(
    ("form", "sharing"),
    [
        # A graph in ONNX takes ten times as long as one of torch.
        pytest.param(form, sharing, marks=[pytest.mark.large] * ((form, sharing) in _LONG))
        for form in ("onnx", "torch")
        for sharing in POLICIES
    ],
)
def test_every_head_under_every_sharing_policy(sharing: str, form: Any, tmp_path: Path) -> None:
    if form == "onnx":
        pytest.importorskip("onnxruntime")
    model = every_head(POLICIES[sharing])
    exported = model.export(tmp_path / "out", format=form)
    assert exported.outputs == model.tasks
    assert exported.inputs == ("left", "right", "left:mask")
    assert exported.difference <= TOLERANCE


@pytest.mark.parametrize("make", [sentences, subwords])
def test_sentences_are_prepared_and_predicted_as_the_card_says(
    make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnxruntime")
    case = make(tmp_path)
    model = of_case(case)
    head = model.network.heads["entities"]
    assert isinstance(head, Crf)
    torch.nn.init.normal_(head.crf.transitions, std=2.0)
    expected = model.predict(case.raw, output="arrays", prepared=False)
    assert len(set(expected["entities"].ravel())) > 2
    assert model.export(tmp_path / "out").difference <= TOLERANCE
    (tmp_path / "out").rename(tmp_path / "moved")
    if make is subwords:
        (tmp_path / "encoder").rename(tmp_path / "gone")
    monkeypatch.chdir(tmp_path / "moved")
    scope: dict[str, Any] = {"raw": case.raw}
    for marker in ("read_preparation", "session", "def decode"):
        exec(readme_code(Path(), marker), scope)
    outputs = scope["predictions"]
    np.testing.assert_allclose(outputs["relation"], expected["relation"], rtol=1e-5, atol=1e-5)
    assert [given["shape"][:2] for given in scope["interface"]["inputs"]] == [
        ["samples", "tokens"] for _ in scope["prepared"]
    ]
    assert scope["session"].get_outputs()[1].shape == ["samples", "tokens", 3]
    crf = scope["interface"]["outputs"][1]["crf"]
    np.testing.assert_array_equal(scope["decode"](outputs["entities"], crf), expected["entities"])


# ONNX is made of the graph that torch.export traces.
@pytest.mark.parametrize("name", MODELS)
def test_every_backbone(name: str, tmp_path: Path) -> None:
    _packages(name)
    pytest.importorskip("onnxruntime")
    exported = MODELS[name](tmp_path).export(tmp_path / "out")
    assert exported.difference <= TOLERANCE


@pytest.mark.parametrize(("form", "marker"), [("onnx", "session"), ("torch", "interface =")])
def test_a_table_is_prepared_and_predicted_as_the_card_says(
    form: Any, marker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if form == "onnx":
        pytest.importorskip("onnxruntime")
    case = penguins(tmp_path)
    model = of_case(case)
    folder = tmp_path / "out"
    model.export(folder, format=form)
    scope: dict[str, Any] = {}
    monkeypatch.chdir(folder)
    exec(readme_code(folder, "def prepare"), scope)
    rows = case.raw.astype(object).where(case.raw.notna(), None).to_dict("records")
    rows[0]["island"] = "Sark"
    scope["prepared"] = scope["prepare"](rows)
    exec(readme_code(folder, marker), scope)
    outputs = scope["predictions"]
    expected = model.predict(rows, output="arrays", prepared=False)
    assert list(outputs) == ["species", "body_mass_g"]
    for task, values in expected.items():
        np.testing.assert_allclose(outputs[task], values, rtol=1e-5, atol=1e-5)


def test_onnx_needs_neither_torch_nor_the_project(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    model = of_case(penguins(tmp_path))
    folder = tmp_path / "out"
    model.export(folder, tasks=["body_mass_g"])
    code = readme_code(folder, "def prepare"), readme_code(folder, "session")
    row = {"bill_length_mm": 40.5, "island": "Dream", "flipper_length_mm": 190, "sex": None}
    program = f"""
import sys
sys.modules.update(dict.fromkeys(["torch", "ray", "optuna", "pandas", "mtl_search"]))
{code[0]}
prepared = prepare([{row!r}])
{code[1]}
print(predictions["body_mass_g"][0])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=True
    )
    expected = model.predict([row], output="arrays", prepared=False)["body_mass_g"]
    assert float(done.stdout) == pytest.approx(float(expected[0]), rel=1e-5)


def test_one_task_goes_out_alone(tmp_path: Path) -> None:
    model = every_head(POLICIES["hard"])
    whole = model.export(tmp_path / "all", format="torch")
    one = model.export(tmp_path / "one", format="torch", tasks=["binary"])
    assert (one.inputs, one.outputs) == (("left", "left:mask"), ("binary",))
    assert one.file.stat().st_size < whole.file.stat().st_size
    program = torch.export.load(one.file)
    assert set(program.state_dict) == {
        name for name in program.state_dict if "binary" in name or "trunk" in name
    }


def test_separate_networks_and_ensembles_are_one_graph(tmp_path: Path) -> None:
    case = pairs(tmp_path)
    one, two = of_case(case), of_case(case)
    torch.nn.init.normal_(next(two.network.parameters()))
    ensemble = Model([*one.members, *two.members])
    exported = ensemble.export(tmp_path / "out", format="torch", tasks=["left", "same"])
    assert exported.outputs == ("left", "left:spread", "same", "same:spread")
    crfs = every_head(POLICIES["hard"])
    with pytest.raises(ConfigError, match=r"an ensemble tags a task by votes"):
        Model([*crfs.members, *crfs.members]).export(tmp_path / "no", format="torch")


def test_exporting_leaves_the_model_as_it_is(tmp_path: Path) -> None:
    model = every_head(POLICIES["soft"])
    model.export(tmp_path / "out", format="torch")
    assert all(parameter.requires_grad for parameter in model.network.parameters())


def test_mistakes_are_one_sentence(tmp_path: Path) -> None:
    model = every_head(POLICIES["hard"])
    with pytest.raises(ConfigError, match="format"):
        model.export(tmp_path / "out", format="pickle")  # type: ignore[arg-type]
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a.txt").write_text("")
    with pytest.raises(SweepError, match="has files in it and is no exported model"):
        model.export(tmp_path / "full", format="torch")
    with pytest.raises(SweepError, match="is a file"):
        model.export(tmp_path / "full" / "a.txt", format="torch")
    with pytest.raises(ConfigError, match="did you mean 'binary'"):
        model.export(tmp_path / "out", format="torch", tasks=["binery"])
    assert not (tmp_path / "out").exists()
