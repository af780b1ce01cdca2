from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from mlflow.exceptions import MlflowException

from mtl_search.export.pyfunc.python_model import RawRows
from tests.support.small_models import trained


def test_params_choose_tasks_and_mistakes_have_the_code_of_wrong_input(tmp_path: Path) -> None:
    _, model = trained("penguins", tmp_path)
    rows = RawRows(model)
    whole = rows.rows(model.example())
    pd.testing.assert_frame_equal(whole, model.predict(model.example(), output="frame"))
    assert list(rows.rows(model.example(), {"tasks": ["body_mass_g"]})) == ["body_mass_g"]
    for given, params in ((model.example()[["sex"]], None), (model.example(), {"tasks": ["x"]})):
        with pytest.raises(MlflowException) as caught:
            rows.rows(given, params)
        assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
