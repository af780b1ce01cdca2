from __future__ import annotations

import base64

from mtl_search.report.html.picture import picture_source


def test_a_picture_is_all_in_its_address() -> None:
    kind, _, data = picture_source("<svg>ä</svg>").partition(",")
    assert kind == "data:image/svg+xml;base64"
    assert base64.b64decode(data).decode() == "<svg>ä</svg>"


def test_a_picture_that_is_too_large_is_left_out() -> None:
    assert picture_source("x" * 1_000_000) == ""
