"""The picture of a network: where boxes and arrows lie, that text stays inside, and the files."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.patches import FancyBboxPatch

from mtl_search.errors import ConfigError
from mtl_search.report.network_plot.draw import ENDINGS, draw, paint, picture_ending
from tests.support.graphs import VIEWS, config, graph
from tests.support.model_cases import SHARING_CASES

THREE = {"a": ["left"], "b": ["right"], "c": ["left", "right"]}
POLICIES = [(name, arguments) for name, cases in SHARING_CASES.items() for arguments in cases]
IDS = [f"{name}-{arguments}" for name, arguments in POLICIES]


# ------------------------------------------------------------------------------------------ painted


def _texts_and_patches(figure: Figure) -> tuple[list[Any], list[Any]]:
    canvas = FigureCanvasAgg(figure)
    renderer = canvas.get_renderer()  # type: ignore[no-untyped-call]
    (axes,) = figure.axes
    texts = [text.get_window_extent(renderer) for text in axes.texts]
    return texts, [
        p.get_window_extent(renderer) for p in axes.patches if isinstance(p, FancyBboxPatch)
    ]


FAR = {"a": ["left"], "b" * 40: [VIEWS[2]], "c": ["left", VIEWS[2]]}


@pytest.mark.parametrize(
    ("views", "name", "arguments"),
    [
        *((THREE, *policy) for policy in POLICIES),
        (FAR, "hard", {"depth": 1}),
        (FAR, "hard", {"depth": {"c": 0}}),
    ],
    ids=[*IDS, "long names", "long names apart"],
)
def test_text_stays_inside_and_apart(views: Any, name: str, arguments: Any) -> None:
    figure = paint(
        graph(views, 2, {"name": name, **arguments}, ["a", "c"]), "a title", "and a subtitle " * 4
    )
    texts, patches = _texts_and_patches(figure)
    assert len(texts) > 20
    for one, other in itertools.combinations(texts, 2):
        assert not one.overlaps(other)
    width, height = figure.get_size_inches() * figure.dpi
    for text in texts:
        assert 0 < text.x0 < text.x1 < width
        assert 0 < text.y0 < text.y1 < height
        for patch in patches:  # inside or outside, never across a border
            assert not patch.overlaps(text) or (
                patch.x0 < text.x0 and text.x1 < patch.x1 and patch.y0 < text.y0
            )


@pytest.mark.parametrize("ending", ENDINGS)
def test_files(ending: str, tmp_path: Path) -> None:
    file = tmp_path / "new" / f"model{ending.upper()}"
    draw(graph(THREE), config(THREE), file, "search-0007")
    beginning = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}[ending]
    assert file.read_bytes().startswith(beginning)
    assert file.stat().st_size > 4000


def test_a_png_has_the_size_of_the_figure_and_is_not_empty(tmp_path: Path) -> None:
    draw(graph(THREE), config(THREE), tmp_path / "model.png")
    pixels = imread(tmp_path / "model.png")
    figure = paint(graph(THREE), "drawn", "mlp, hard sharing · 154 parameters, 128 of them shared")
    assert pixels.shape[1::-1] == pytest.approx(figure.get_size_inches() * 144, abs=1.5)
    colours = {tuple((255 * pixel).astype(int)) for row in pixels[::3] for pixel in row[::3]}
    assert {(0xF4, 0xF4, 0xF4, 255), (0xCF, 0xE0, 0xF3, 255), (0xF6, 0xC7, 0x9B, 255)} <= colours


def test_a_huge_network_stays_a_picture_that_can_be_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mtl_search.report.network_plot.draw._MAX_SIDE", 500)
    draw(graph(THREE), config(THREE), tmp_path / "model.png")
    assert max(imread(tmp_path / "model.png").shape) == pytest.approx(500, abs=1)
    monkeypatch.setattr("mtl_search.report.network_plot.draw._MAX_PIXELS", 90_000)
    draw(graph(THREE), config(THREE), tmp_path / "model.png")
    height, width, _ = imread(tmp_path / "model.png").shape
    assert height * width == pytest.approx(90_000, rel=0.01)


@pytest.mark.parametrize("name", ["model.jpg", "model", ".png", "model.png.txt"])
def test_another_ending_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"allowed:  \.png, \.svg, \.pdf"):
        picture_ending(tmp_path / name)
    with pytest.raises(ConfigError):
        draw(graph({"a": ["left"]}), config({"a": ["left"]}), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file, and no folder")
    with pytest.raises(ConfigError, match=r"cannot write the picture.*\n.*taken/model\.png"):
        draw(graph({"a": ["left"]}), config({"a": ["left"]}), tmp_path / "taken" / "model.png")
