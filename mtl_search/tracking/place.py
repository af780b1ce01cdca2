"""Where MLflow has a sweep, kept in the sweep's folder: links need no server to be asked."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from mtl_search.tracking.address import public
from mtl_search.tracking.links import run_url, ui_address, view_url

FILE = "mlflow.json"


@dataclass(frozen=True)
class Place:
    """Where MLflow has a sweep.

    Attributes:
        uri: The tracking URI, without name and password.
        experiment: Id of the experiment.
        run: Id of the sweep's own run.
        sweep: The sweep's id.

    Examples:
        >>> place = Place("http://mlflow:5000", "1", "0a", "ab12")
        >>> place.run_address
        'http://mlflow:5000/#/experiments/1/runs/0a?workflowType=machine_learning'
    """

    uri: str
    experiment: str
    run: str
    sweep: str

    @property
    def is_server(self) -> bool:
        """Whether the address leads to pages without `mtl-search ui`."""
        return self.uri.startswith(("http://", "https://"))

    @property
    def view_address(self) -> str:
        """Address of the finalists, grouped by arm."""
        return view_url(self.experiment, self.sweep, ui_address(self.uri))

    @property
    def run_address(self) -> str:
        """Address of the sweep's own run."""
        return run_url(self.experiment, self.run, ui_address(self.uri))

    def write(self, sweep_dir: Path) -> None:
        """Write it into the sweep's folder; without it there are no links."""
        with suppress(OSError):
            text = json.dumps({**asdict(self), "uri": public(self.uri)}, indent=1)
            (sweep_dir / FILE).write_text(text + "\n", encoding="utf-8")


def read_place(sweep_dir: Path) -> Place | None:
    """Return where MLflow has a sweep; None where this is not known.

    Args:
        sweep_dir: The sweep's folder.
    """
    try:
        return Place(**json.loads((sweep_dir / FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
