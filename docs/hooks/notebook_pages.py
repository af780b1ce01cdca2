"""Notebooks as pages: text, code, and the outputs that are stored in their files.

Nothing is executed. A notebook that MkDocs finds becomes a page in place of a file to download.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

# The file of plotly.js, in the site, that pages with plots load.
PLOTLY = "assets/plotly.min.js"
_PLOT = "application/vnd.plotly.v1+json"
# Heights of plots whose layout names none.
_HEIGHT = 450


def page(file: Path) -> str:
    """Write the page of a notebook.

    Args:
        file: The notebook, in a folder below the root of the documentation.
    """
    cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
    parts = [part for number, cell in enumerate(cells) for part in _cell(cell, number)]
    text = "\n\n".join(parts) + "\n"
    if 'class="plot"' in text:
        text += f'\n<script src="../{PLOTLY}"></script>\n<script src="../notebook.js"></script>\n'
    return text


def plotly_script() -> str:
    """Return plotly.js, of the version that the figures are made with."""
    from plotly.offline import get_plotlyjs

    script: str = get_plotlyjs()
    return script


def _cell(cell: dict[str, Any], number: int) -> Iterator[str]:
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        yield source
        return
    yield f"````python\n{source}\n````"
    for place, output in enumerate(cell["outputs"]):
        yield f'<div class="output">{_output(output, f"plot-{number}-{place}")}</div>'


def _output(output: dict[str, Any], name: str) -> str:
    """Write an output as HTML without empty lines, which would end it in Markdown."""
    if output["output_type"] == "stream":
        return _text("".join(output["text"]))
    data = output["data"]
    if _PLOT in data:
        return _plot(data[_PLOT], name)
    if "image/png" in data:
        return _picture(data, output["metadata"])
    if "text/html" in data:
        lines = "".join(data["text/html"]).splitlines()
        return "\n".join(line for line in lines if line.strip())
    return _text("".join(data["text/plain"]))


def _text(text: str) -> str:
    return f"<pre>{escape(text.rstrip()).replace(chr(10), '&#10;')}</pre>"


def _plot(figure: dict[str, Any], name: str) -> str:
    content = json.dumps({"data": figure["data"], "layout": figure["layout"]}).replace(
        "<", "\\u003c"
    )
    height = figure["layout"].get("height") or _HEIGHT
    return (
        f'<div class="plot" id="{name}" style="height:{height}px"></div>'
        f'<script type="application/json" data-plot="{name}">{content}</script>'
    )


def _picture(data: dict[str, Any], metadata: dict[str, Any]) -> str:
    png = "".join(data["image/png"]).replace("\n", "")
    base64.b64decode(png, validate=True)
    about = metadata.get("image/png", {})
    width = f' width="{about["width"]}"' if "width" in about else ""
    return f'<img alt="{escape(about.get("alt", ""))}"{width} src="data:image/png;base64,{png}">'
