"""Requests to MLflow's server whose rows are images, sentences and arrays."""

from __future__ import annotations

import ast
import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtl_search.export.pyfunc import server
from mtl_search.export.pyfunc.request import example_request
from mtl_search.export.pyfunc.server import Served, respond
from tests.support.small_models import trained
from tests.support.snippets import pages, snippets


def ask(served: Served, body: Any) -> tuple[int, Any]:
    status, answer = respond(served, json.dumps(body).encode(), "application/json; charset=utf-8")
    return status, json.loads(answer)


@pytest.mark.parametrize("name", ["images", "pairs", "sentences", "sources", "molecules", "arrays"])
def test_the_example_of_every_kind_is_answered(name: str, tmp_path: Path) -> None:
    _, model = trained(name, tmp_path)
    status, answer = ask(Served(model), example_request(model))
    assert status == 200, answer
    assert list(answer["predictions"][0]) == list(model.outputs())


def test_images_come_as_base64_and_never_from_files_of_the_server(tmp_path: Path) -> None:
    case, model = trained("images", tmp_path)
    served, files = Served(model), case.raw[:2]
    expected = model.predict(files, output="frame")
    coded = [base64.b64encode(Path(file).read_bytes()).decode() for file in files]
    for rows in (
        {"inputs": coded},
        {"inputs": {"image": [f"data:image/png;base64,{text}" for text in coded]}},
        {"instances": coded},
        {"dataframe_records": [{"image": text} for text in coded]},
    ):
        status, answer = ask(served, rows)
        assert status == 200, answer
        given = [row["kind:a"] for row in answer["predictions"]]
        np.testing.assert_allclose(given, expected["kind:a"], rtol=1e-6)
    for wrong in (str(files[0]), "not base64!", base64.b64encode(b"text").decode(), 3, None):
        status, answer = ask(served, {"dataframe_records": [{"image": wrong}]})
        assert status == 400, wrong
        assert "row 0: " in answer["message"]
        assert "an image in base64" in answer["message"]
    status, answer = ask(served, {"dataframe_records": [{"picture": coded[0]}]})
    assert (status, answer["message"]) == (
        400,
        "the input lacks the column 'image'; it has: 'picture'",
    )


def test_sentences_come_as_texts_or_as_tokens(tmp_path: Path) -> None:
    case, model = trained("sentences", tmp_path)
    served = Served(model)
    expected = model.predict(case.raw[:2], output="frame")
    for rows in (
        {"inputs": case.raw[:2]},
        {"instances": case.raw[:2]},
        {"inputs": {"sentence": case.raw[:2]}},
        {"dataframe_records": [{"sentence": text} for text in case.raw[:2]]},
    ):
        status, answer = ask(served, rows)
        assert status == 200, answer
        assert [row["relation"] for row in answer["predictions"]] == list(expected["relation"])
        assert [row["entities"] for row in answer["predictions"]] == list(expected["entities"])
    tokens = {"tokens": ["a", "box"], "e1": [0, 1], "e2": [1, 2]}
    assert ask(served, {"inputs": [tokens]})[0] == 200
    status, answer = ask(served, {"inputs": ["a sentence without marks"]})
    assert status == 400
    assert answer["message"].startswith("row 0")


def test_whole_numbers_of_json_are_pixels_again(tmp_path: Path) -> None:
    case, model = trained("pairs", tmp_path)
    rows = {side: array[:3] for side, array in case.raw.items()}
    expected = model.predict(rows, output="frame", prepared=False)
    as_lists: Mapping[str, Any] = {side: array.tolist() for side, array in rows.items()}
    records = [{side: array[row].tolist() for side, array in rows.items()} for row in range(3)]
    for body in ({"inputs": as_lists}, {"instances": records}):
        status, answer = ask(Served(model), body)
        assert status == 200, answer
        given = [row["same:same"] for row in answer["predictions"]]
        np.testing.assert_allclose(given, expected["same:same"], rtol=1e-6)
    status, answer = ask(Served(model), {"inputs": {"left": [[1, 2], [3]], "right": [1, 2]}})
    assert status == 400, answer


def test_a_source_is_a_param(tmp_path: Path) -> None:
    _, model = trained("sources", tmp_path)
    rows = {"dataframe_records": [{"a": 1.0, "b": 2.0}]}
    status, answer = ask(Served(model), rows)
    assert status == 400
    assert "say which one the rows are from" in answer["message"]
    status, answer = ask(Served(model), {**rows, "params": {"source": "two"}})
    expected = model.predict(rows["dataframe_records"], source="two")
    assert status == 200, answer
    assert answer["predictions"][0]["y_one"] == pytest.approx(float(expected["y_one"].iloc[0]))


def test_a_fault_of_the_model_is_told_in_the_log_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _, model = trained("pairs", tmp_path)
    served = Served(model)
    model.members[0].predictor.network.forward = None  # type: ignore[assignment,method-assign]
    status, answer = ask(served, example_request(model))
    assert (status, answer["error_code"]) == (500, "INTERNAL_ERROR")
    assert "Traceback" not in json.dumps(answer)
    assert "Traceback" in caplog.text


def test_the_deployment_of_the_guide_compiles_and_imports_what_is_there() -> None:
    page = next(page for page in pages() if page.name == "serving.md")
    (snippet,) = [snippet for snippet in snippets(page) if snippet.language == "python"]
    tree = ast.parse(snippet.text)
    compile(tree, str(page), "exec")
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    own = {node.module: node.names for node in imports if str(node.module).startswith("mtl_search")}
    assert list(own) == ["mtl_search.export.pyfunc.server"]
    for alias in own["mtl_search.export.pyfunc.server"]:
        assert hasattr(server, alias.name)
