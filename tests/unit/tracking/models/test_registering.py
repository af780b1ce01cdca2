from __future__ import annotations

import pytest

from mtl_search.errors import ConfigError
from mtl_search.tracking.models.registering import check_names


@pytest.mark.parametrize(
    ("name", "alias", "path"),
    [("a/b", None, "name"), ("", None, "name"), ("a", "v1", "alias"), ("a", "latest", "alias")],
)
def test_names_that_mlflow_refuses_are_refused_before_anything_is_sent(
    name: str, alias: str | None, path: str
) -> None:
    check_names("penguins", "champion")
    with pytest.raises(ConfigError, match=f"{path}: MLflow refuses this"):
        check_names(name, alias)
