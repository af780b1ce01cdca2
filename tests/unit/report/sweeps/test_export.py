"""The comparison as JSON."""

from __future__ import annotations

import json
import re

from mtl_search.report.sweeps.document import SweepsDocument
from mtl_search.report.sweeps.export import FORMAT, sweeps_to_json


def test_it_is_json_and_has_all_views(document: SweepsDocument) -> None:
    tree = sweeps_to_json(document)
    assert json.loads(json.dumps(tree, allow_nan=False)) == tree
    assert tree["format"] == FORMAT
    assert [sweep["label"] for sweep in tree["sweeps"]] == ["one", "two"]
    assert [view["name"] for view in tree["views"]] == [view.name for view in document.views]
    assert tree["cautions"][0]["name"] == "main tasks"
    for written, view in zip(tree["views"], document.views, strict=True):
        assert len(written["rows"]) == len(view.rows)
        assert set(written["rows"][0]) == {column["name"] for column in written["columns"]}


def test_every_key_is_documented(document: SweepsDocument) -> None:
    tree = sweeps_to_json(document)
    words = set(re.findall(r"\w+", sweeps_to_json.__doc__ or ""))
    keys = {*tree, *tree["sweeps"][0], *tree["cautions"][0], *tree["views"][0]}
    assert keys - words == set()
