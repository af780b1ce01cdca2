"""A stored network predicts what the trained one did, without data set or sweep."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from mtl_search.errors import SweepError
from mtl_search.export.folder import load_model
from tests.support.trials import all_heads, train, trainer


def test_every_head_predicts_what_the_network_does(tmp_path: Path) -> None:
    settings, samples = all_heads()
    made = trainer(
        settings,
        tmp_path,
        samples,
        test=True,
        objective=lambda metrics: -metrics["val/softmax/loss"],
    )
    train(made)  # a finalist ends at its best epoch, which is what is stored
    ((kept,), _) = load_model(tmp_path / "best", trust_code=True)
    predictor = kept.predictor

    inputs = {name: np.asarray(x[:]) for name, x in samples.inputs.items()}
    predicted = predictor.predict(inputs, dict(samples.masks), batch_size=7)
    whole = {name: torch.from_numpy(x) for name, x in inputs.items()}
    masks = {name: torch.from_numpy(np.asarray(mask)) for name, mask in samples.masks.items()}
    with torch.no_grad():
        expected = made.network.predict(made.network.eval()(whole, masks))
    shapes = {
        "softmax": (80, 3),
        "binary": (80,),
        "multilabel": (80, 4),
        "regression": (80,),
        "pair": (80,),
        "crf": (80, 4),
    }
    assert {task: values.shape for task, values in predicted.items()} == shapes
    for task, values in predicted.items():
        np.testing.assert_allclose(
            values, expected[task].numpy(), rtol=1e-5, atol=1e-6, err_msg=task
        )
    np.testing.assert_allclose(predicted["softmax"].sum(1), 1, rtol=1e-5)
    assert (predicted["crf"][~np.asarray(samples.masks["left"])] == -1).all()
    assert predicted["regression"].mean() == pytest.approx(100, abs=20)  # in the target's units
    assert predictor.classes["multilabel"] == ("p", "q", "r", "s")

    with pytest.raises(SweepError, match=r"missing: \['right'\]"):
        predictor.predict({"left": inputs["left"]})


def test_a_folder_without_a_network_says_so(tmp_path: Path) -> None:
    with pytest.raises(SweepError, match="no trained network"):
        load_model(tmp_path)
