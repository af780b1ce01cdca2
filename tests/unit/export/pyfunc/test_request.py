from __future__ import annotations

import json
from pathlib import Path

from mtl_search.export.pyfunc.request import example_request
from tests.support.small_models import trained


def test_it_is_plain_json_with_the_source_where_there_are_several(tmp_path: Path) -> None:
    _, model = trained("sources", tmp_path)
    body = json.loads(json.dumps(example_request(model)))
    assert body["params"] == {"source": "one"}
    assert set(body["dataframe_records"][0]) == {"a", "b"}
