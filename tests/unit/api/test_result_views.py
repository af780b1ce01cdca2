"""Views and plots as methods of a result, and the lines of the guide that show them."""

from __future__ import annotations

import re
import subprocess
import sys
import types
from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pytest

from mtl_search import ConfigError, Result, SweepError
from mtl_search.analysis.views import VIEWS, Column, View
from mtl_search.config import to_yaml
from mtl_search.report.plots import FIGURES
from tests.support.recorded_sweeps import config
from tests.support.repository import REPOSITORY
from tests.support.varied_sweeps import TASKS, varied_builder

FIXTURE = REPOSITORY / "tests/fixtures/sweeps/v0_1_finished"
CHANGES: dict[str, Any] = {"training.epochs": 3}
GUIDE = (REPOSITORY / "docs/guides/plots.md").read_text()
SECTIONS = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", GUIDE, re.MULTILINE | re.DOTALL))


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder = tmp_path_factory.mktemp("varied")
    varied_builder(folder)
    (folder / "config.yaml").write_text(to_yaml(config(tasks=TASKS, **CHANGES)))
    return Result(folder)


def test_the_guide_has_every_view() -> None:
    assert set(SECTIONS) == {*VIEWS, "importance"}


@pytest.mark.parametrize("name", [name for name in SECTIONS if name != "importance"])
def test_the_lines_of_the_guide_run(name: str, result: Result) -> None:
    (lines,) = re.findall(r"```python\n(.*?)```", SECTIONS[name], re.DOTALL)
    names = {"result": Result(FIXTURE) if name == "auxiliary" else result}
    for line in lines.splitlines():
        made = eval(line, dict(names))
        assert isinstance(made, go.Figure | pd.DataFrame), line
        assert len(made.data if isinstance(made, go.Figure) else made) > 0, line


@pytest.mark.parametrize("name", sorted(set(FIGURES) - {"auxiliary", "importance"}))
def test_a_plot_is_the_figure_of_the_view(name: str, result: Result) -> None:
    view = result.view(name)
    assert view is not None
    assert result.plot(name).to_json() == FIGURES[name](view).to_json()


def test_short_names_draw_the_same(result: Result) -> None:
    short: Mapping[str, go.Figure] = {
        "pareto": result.plot_pareto(),
        "depth": result.plot_depth(),
        "curves": result.plot_curves(),
    }
    for name, figure in short.items():
        assert figure.to_json() == result.plot(name).to_json()


def test_tables_have_the_columns_that_are_documented(result: Result) -> None:
    for method in (Result.leaderboard, Result.pareto):
        text = re.sub(r"gain/<task>", "gain/left", str(method.__doc__))
        for column in method(result).columns:
            base = re.sub(r"_(low|high)$", "", column)
            documented = {column, base, re.sub("right", "left", column)}
            assert any(f"{name}" in text for name in documented), column
    assert result.pareto()["on_front"].any()


def test_a_wrong_name_gives_the_nearest(result: Result) -> None:
    with pytest.raises(ConfigError, match="did you mean 'pareto'"):
        result.view("paretto")
    with pytest.raises(ConfigError, match="there is no such view"):
        result.plot("nothing")


def test_nothing_to_show_is_said(result: Result) -> None:
    assert result.view("auxiliary") is None
    with pytest.raises(SweepError, match="has nothing to show for 'auxiliary'"):
        result.plot("auxiliary")
    with pytest.raises(SweepError, match="'settings' is a table and has no plot"):
        result.plot("settings")


def test_views_are_made_once(result: Result) -> None:
    assert result.view("pareto") is result.view("pareto")


def test_the_interface_loads_no_plotly() -> None:
    program = "import sys, mtl_search.api.result; print('plotly' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "False"


def test_importance_is_the_view_of_the_search(
    result: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = [Column(name, name) for name in ("setting", "importance", "arm")]
    rows = [{"setting": "training.optimizer.lr", "importance": 1.0, "arm": "search"}]
    name = "mtl_search.search.studies.importance"
    module = types.ModuleType(name)
    view = View("importance", "", "", columns, rows)
    vars(module)["importance_view"] = lambda record, config: view
    monkeypatch.setitem(sys.modules, name, module)
    fresh = Result(result.directory)
    assert fresh.importance().to_dict("records") == rows
    assert list(fresh.plot_importance().data[0].x) == [1.0]
