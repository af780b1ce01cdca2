"""MLflow's server of models, whose errors are one sentence each.

MLflow's own app has the addresses `/ping`, `/health`, `/version` and `/invocations`, and reads the
four forms of a request. It answers a wrong one with the rows of the request, or with a traceback;
here every error is `{"error_code": ..., "message": <a sentence>}`.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow.exceptions import MlflowException

from mtl_search.errors import nearest
from mtl_search.export.pyfunc.mlflow_pyfunc import scoring_server
from mtl_search.export.pyfunc.python_model import RawRows
from mtl_search.export.pyfunc.signature import PARAMS, signature_of

if TYPE_CHECKING:
    from fastapi import FastAPI

    from mtl_search.export.model import Model

logger = logging.getLogger(__name__)

# What tells a server's process which model it has: the folder, and whose code may run.
VARIABLE = "MTL_SEARCH_SERVED_MODEL"

_PATH = "/invocations"
_JSON = "application/json"
_CSV = "text/csv"
_FORMS = ("dataframe_records", "dataframe_split", "inputs", "instances")
_LONGEST = 400


class Served:
    """A model as MLflow's server asks it.

    Args:
        model: The model.
    """

    def __init__(self, model: Model) -> None:
        self.metadata = _Metadata(model)
        self._rows = RawRows(model, files=False)

    def predict(self, data: Any, params: Mapping[str, Any] | None = None) -> Any:
        """Predict the rows of a request.

        Args:
            data: The rows, as MLflow has read them.
            params: `tasks`, `source` and `batch_size`.

        Raises:
            MlflowException: A param is wrong, or the rows are not what training saw.
        """
        return self._rows.rows(data, _checked(params))


class _Metadata:
    """What MLflow's server asks of a model's card."""

    def __init__(self, model: Model) -> None:
        self._params = signature_of(model).params if model.preparation is not None else None

    def get_input_schema(self) -> None:
        """Return no schema: rows stay as they came, and the model itself says what is wrong."""

    def get_params_schema(self) -> Any:
        """Return the schema of the params."""
        return self._params


def app() -> FastAPI:
    """Return the app of the model that the environment names, for a process of a server."""
    from mtl_search.export.model import Model

    served = json.loads(os.environ[VARIABLE])
    return make_app(Model.load(Path(served["folder"]), trust_code=served["trust_code"]))


def make_app(model: Model) -> FastAPI:
    """Return MLflow's app of a model.

    Args:
        model: The model.
    """
    from fastapi import Request, Response
    from starlette.exceptions import HTTPException

    served = Served(model)
    made: FastAPI = scoring_server.init(served)
    made.router.routes[:] = [r for r in made.router.routes if getattr(r, "path", "") != _PATH]

    # Without annotations: FastAPI would look for their names in this module.
    async def invocations(request):  # type: ignore[no-untyped-def]
        body = await request.body()
        kind = request.headers.get("content-type", "")
        status, answer = await asyncio.to_thread(respond, served, body, kind)
        return Response(answer, status, media_type=_JSON)

    async def refuse(request, error):  # type: ignore[no-untyped-def]
        code, message = _refusal(request, error)
        headers = getattr(error, "headers", None)
        return Response(_error(code, message), error.status_code, headers, _JSON)

    invocations.__annotations__ = {"request": Request}
    made.post(_PATH)(invocations)
    made.add_exception_handler(HTTPException, refuse)
    return made


def respond(served: Served, body: bytes, content_type: str) -> tuple[int, str]:
    """Answer a request; whatever is wrong, the answer is JSON of one sentence.

    Args:
        served: The model.
        body: The body of the request.
        content_type: Its header.

    Returns:
        The status and the body of the answer.
    """
    try:
        mime = content_type.partition(";")[0].strip()
        data: Any = _read(body) if mime == _JSON else body
        if mime == _CSV:
            data, content_type = _read_csv(body), _JSON
        answer = scoring_server.invocations(data, content_type, served, None)
    except MlflowException as error:
        status = error.get_http_status_code()
        message = sentence(error.message)
        if "stack_trace" in error.json_kwargs and "unexpected error" in error.message:
            logger.error("%s", error.json_kwargs["stack_trace"])
            return 500, _error("INTERNAL_ERROR", "the model failed; the server's log says more")
        return status, _error(error.error_code, message)
    except Exception:
        logger.exception("a request failed")
        return 500, _error("INTERNAL_ERROR", "the model failed; the server's log says more")
    if answer.status != 200:
        return answer.status, _error("BAD_REQUEST", _about_type(content_type, answer.response))
    return 200, answer.response


def _read(body: bytes) -> dict[str, Any]:
    """Read the JSON of a request.

    Raises:
        MlflowException: It is no JSON, or has other keys.
    """
    try:
        given = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise MlflowException.invalid_parameter_value(
            f"the body is no JSON: {sentence(str(error))}"
        ) from None
    if not isinstance(given, dict):
        raise MlflowException.invalid_parameter_value(
            f"the body is a JSON {_json_type(given)}; an object with one of the keys "
            f"{', '.join(_FORMS)} is needed"
        )
    for key in given:
        if key not in (*_FORMS, "params"):
            near = nearest(key, (*_FORMS, "params"))
            hint = f"; did you mean {near!r}?" if near else ""
            raise MlflowException.invalid_parameter_value(
                f"there is no key {key!r}{hint} (keys: {', '.join((*_FORMS, 'params'))})"
            )
    forms = [key for key in _FORMS if key in given]
    if len(forms) != 1:
        has = " and ".join(forms) or "none of them"
        raise MlflowException.invalid_parameter_value(
            f"exactly one of {', '.join(_FORMS)} is needed; the body has {has}"
        )
    if forms[0] != "dataframe_split" and given[forms[0]] in ([], {}):
        raise MlflowException.invalid_parameter_value("the input has no rows")
    return _rows_as_records(given, forms[0])


def _read_csv(body: bytes) -> dict[str, Any]:
    """Read a CSV with a header as texts, which the model reads as those of a file.

    MLflow would take the first cells of rows that are longer than the header for their names.

    Raises:
        MlflowException: It is no CSV, or a row has more cells than the header.
    """
    import pandas as pd

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(io.BytesIO(body), dtype=str, index_col=False, skipinitialspace=True)
    except (ValueError, pd.errors.ParserWarning) as error:
        raise MlflowException.invalid_parameter_value(
            f"the body is no CSV with a header: {sentence(str(error))}"
        ) from None
    rows = frame.astype(object).where(frame.notna(), None)
    return {"dataframe_split": {"columns": list(frame.columns), "data": rows.to_numpy().tolist()}}


def _rows_as_records(given: dict[str, Any], form: str) -> dict[str, Any]:
    """Return rows that are objects in the form of a data frame.

    Of each of their cells MLflow would make an array of its own, where it reads `instances`.
    """
    rows = given[form]
    is_list = form in ("inputs", "instances") and isinstance(rows, list)
    if is_list and all(isinstance(row, dict) for row in rows):
        return {"dataframe_records": rows, "params": given.get("params")}
    return given


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON; a missing value is null")


def _json_type(value: Any) -> str:
    if isinstance(value, list):
        return "array"
    return "null" if value is None else "single value"


def _checked(params: Any) -> Mapping[str, Any] | None:
    """Check the params of a request.

    Raises:
        MlflowException: There is no such param, or its value has another type.
    """
    if params is None:
        return None
    if not isinstance(params, dict):
        raise MlflowException.invalid_parameter_value("params: an object is needed")
    for name, value in params.items():
        if name not in PARAMS:
            near = nearest(name, PARAMS)
            hint = f"; did you mean {near!r}?" if near else ""
            raise MlflowException.invalid_parameter_value(
                f"params: there is no param {name!r}{hint} (params: {', '.join(PARAMS)})"
            )
        default = PARAMS[name].default
        is_right = isinstance(value, type(default)) and not isinstance(value, bool)
        if isinstance(default, list) and is_right:
            is_right = all(isinstance(item, str) for item in value)
        if not is_right:
            needed = {list: "a list of names", str: "a text", int: "a whole number"}[type(default)]
            raise MlflowException.invalid_parameter_value(
                f"params.{name}: {needed} is needed, and not {json.dumps(value)[:60]}"
            )
    return params


def sentence(message: str) -> str:
    r"""Return what is wrong, without the rows that MLflow puts before it.

    Examples:
        >>> sentence("Failed to predict data '   a\n0  1'. \nError: the input has no rows")
        'the input has no rows'
    """
    text = message.rpartition("\nError: ")[2] or message
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _about_type(content_type: str, answer: str) -> str:
    if "content types" not in answer:
        return sentence(answer)
    types = ", ".join(scoring_server.CONTENT_TYPES)
    return f"the content type is {content_type!r}; needed: one of {types}"


def _refusal(request: Any, error: Any) -> tuple[str, str]:
    if error.status_code == 404:
        addresses = "/invocations, /ping, /health, /version"
        return "NOT_FOUND", f"there is no address {request.url.path} (there are: {addresses})"
    if error.status_code == 405:
        needed = "POST" if request.url.path == _PATH else "GET"
        return "BAD_REQUEST", f"{request.url.path} takes {needed}, and not {request.method}"
    return "BAD_REQUEST", sentence(str(error.detail))


def _error(code: str, message: str) -> str:
    return json.dumps({"error_code": code, "message": message}, ensure_ascii=False)
