"""The model that MLflow loads: raw rows in, a data frame out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlflow.exceptions import MlflowException

from mtl_search.errors import MtlSearchError
from mtl_search.export.pyfunc.mlflow_pyfunc import pyfunc
from mtl_search.export.pyfunc.rows import raw_rows
from mtl_search.export.pyfunc.signature import FOLDER, PARAMS

if TYPE_CHECKING:
    import pandas as pd

    from mtl_search.export.model import Model


class RawRows(pyfunc.PythonModel):  # type: ignore[misc]  # MLflow has no types
    """Predicts from raw rows, as `mtl_search.Model` does.

    Args:
        model: The model; None: MLflow loads it.
        files: Whether images may be named by the path of a file on this machine.
    """

    # MLflow warns of a `predict` whose input has no type, and checks each row against one that has.
    _skip_type_hint_validation = True

    def __init__(self, model: Model | None = None, *, files: bool = True) -> None:
        self._model = model
        self._files = files

    def load_context(self, context: Any) -> None:
        """Load the networks from the folder that was logged with the model."""
        from mtl_search.export.model import Model

        # Whoever loads a model of MLflow runs its code file: this is no further step.
        self._model = Model.load(context.artifacts[FOLDER], trust_code=True)

    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
        """Return the frame of `Model.predict`.

        Args:
            context: What MLflow knows of the model.
            model_input: The rows: a data frame, a list, or a mapping of arrays.
            params: `tasks`, `source` and `batch_size`, as of `Model.predict`.

        Raises:
            MlflowException: The rows are not what training saw, or a param is wrong.
        """
        return self.rows(model_input, params)

    def rows(self, given: Any, params: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """Return the frame of `Model.predict`.

        Args:
            given: The rows.
            params: `tasks`, `source` and `batch_size`.

        Raises:
            MlflowException: The rows are not what training saw, or a param is wrong.
        """
        assert self._model is not None
        try:
            chosen = {**{name: spec.default for name, spec in PARAMS.items()}, **(params or {})}
            raw = raw_rows(self._model, given, files=self._files)
            frame: pd.DataFrame = self._model.predict(
                raw,
                batch_size=chosen["batch_size"],
                tasks=list(chosen["tasks"]) or None,
                source=chosen["source"] or None,
                output="frame",
                prepared=self._model.preparation is None,
            )
            return frame
        except MtlSearchError as error:
            # The code with which MLflow's server answers 400, in place of 500.
            raise MlflowException.invalid_parameter_value(str(error)) from error
