"""`mtl-search doctor`: what is wrong with a machine or a cluster, and what to do about it."""

from __future__ import annotations

import json
import os
from pathlib import Path

from rich.console import Console
from rich.markup import escape

import mtl_search
from mtl_search import api
from mtl_search.cli.console import console
from mtl_search.cli.errors import FAILED
from mtl_search.cli.options import check_form
from mtl_search.config import load_config
from mtl_search.config.secrets import masked
from mtl_search.errors import ConfigError
from mtl_search.jobs import submission
from mtl_search.jobs.doctor.finding import Finding, Status, worst

_INDENT = " " * 6
_FORMATS = ("table", "json")
_COLOURS: dict[Status, str] = {"ok": "green", "warn": "yellow", "fail": "red"}


def doctor_command(
    config_file: Path | None,
    overrides: list[str],
    *,
    address: str | None,
    output: Path | None,
    timeout: float,
    form: str,
) -> int:
    """Examine a machine or a cluster and print what was found.

    Args:
        config_file: The YAML file of a sweep that is to run, if any.
        overrides: Changes to it.
        address: The Ray cluster, if the user names one.
        output: The folder of sweeps; None: MTL_SEARCH_RUNS, or `runs`. On a cluster elsewhere an
            absolute path there; None: MTL_SEARCH_RUNS of the head, or `runs` in its home folder.
        timeout: Seconds that a node has for its answer.
        form: The format, `table` or `json`.

    Returns:
        The exit status: 1 when something fails, else 0.

    Raises:
        ConfigError: The config or the format is wrong.
    """
    check_form(form, _FORMATS)
    if config_file is not None and "=" in str(config_file):
        message = "an override without a config: name the YAML file first"
        raise ConfigError(message, path="CONFIG", value=str(config_file))
    config = load_config(config_file, overrides) if config_file else None
    from mtl_search.jobs.doctor.diagnose import Question, diagnose  # it imports Ray
    from mtl_search.jobs.doctor.through_job import diagnose_through_job

    named = address or os.environ.get("RAY_ADDRESS") or None
    is_remote = (named or "").startswith(("http://", "https://"))
    # Of a head elsewhere, this machine knows neither the variable nor the home folder.
    root = api.RUNS if is_remote else os.environ.get("MTL_SEARCH_RUNS") or api.RUNS
    if is_remote and output is not None:
        submission.choose_folder(str(output), job_id="")  # which refuses a relative one
    question = Question(
        config=config,
        arguments=[str(config_file), *overrides] if config_file else [],
        output=output or Path(root),
        address=named if named != "local" else None,
        timeout=timeout,
    )
    screen = Console(stderr=True, soft_wrap=True, highlight=False)
    with screen.status("examining ...") as status:

        def progress(line: str) -> None:
            if screen.is_terminal:
                status.update(escape(line))
            else:
                screen.print(f"{escape(line)} ...")

        examine = diagnose_through_job if is_remote else diagnose
        findings = examine(question, progress)
    if form == "json":
        print(json.dumps(to_json(findings, question.address), indent=1))  # noqa: T201
    else:
        _print_table(findings, console())
    return FAILED if worst(findings) == "fail" else 0


def to_json(findings: list[Finding], address: str | None) -> dict[str, object]:
    """Return the report as JSON, as the guide on operations describes it.

    Examples:
        >>> to_json([Finding("disk", "ok", "45 GiB free")], None)["status"]
        'ok'
    """
    return {
        "version": mtl_search.__version__,
        "address": masked(address or ""),
        "status": worst(findings),
        "checks": [finding.to_json() for finding in findings],
    }


def _print_table(findings: list[Finding], screen: Console) -> None:
    width = max((len(finding.check) for finding in findings), default=0)
    for finding in findings:
        colour = _COLOURS[finding.status]
        node = f"{finding.node}: " if finding.node else ""
        value = finding.value.replace("\n", f"\n{_INDENT}")
        text = escape(f"{finding.check:<{width}}  {node}{value}")
        screen.print(f"[{colour}]{finding.status:<4}[/]  {text}", highlight=False, soft_wrap=True)
        if finding.cure:
            screen.print(
                f"{_INDENT}[bold]cure:[/] {escape(finding.cure)}", highlight=False, soft_wrap=True
            )
    counts = {status: sum(f.status == status for f in findings) for status in _COLOURS}
    screen.print(", ".join(f"{count} {status}" for status, count in counts.items()))
