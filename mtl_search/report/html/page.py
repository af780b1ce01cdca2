"""The page: what the template is given, and what is written into it as it stands."""

from __future__ import annotations

import base64
import datetime as dt
import gzip
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from mtl_search.analysis.formats.stops import stop_text
from mtl_search.analysis.health import Check, health_checks
from mtl_search.config.secrets import masked
from mtl_search.report.document import Document
from mtl_search.report.html.commands import next_commands
from mtl_search.report.html.failures import failure_sentence
from mtl_search.report.html.headline import headline_of
from mtl_search.report.html.picture import picture_source
from mtl_search.report.html.sections import Section, make_sections
from mtl_search.report.html.words import words_of
from mtl_search.storage import sweep_directory

# No address is asked for anything: what the page shows is in it.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; base-uri 'none'; form-action 'none'"
)
_SCRIPTS = ("theme.js", "tables.js", "plots.js", "page.js")
_STYLES = ("page.css", "views.css", "print.css")


def to_html(document: Document) -> str:
    """Return the report of a sweep as one HTML page without requests to elsewhere.

    Args:
        document: The sweep's report.
    """
    sections = make_sections(document)
    return render_page(
        "page.html.j2",
        sections,
        headline=headline_of(document.evidence),
        checks=_checks(document),
        failures=failure_sentence(document.evidence.record),
        words=words_of(document.evidence),
        first=[section for section in sections if section.is_first],
        groups=_groups(sections),
        picture=picture_source(document.picture),
        config=_config(document),
        commands=next_commands(document),
        facts=_facts(document),
        name=document.evidence.record.name or document.evidence.config.name,
    )


def render_page(template: str, sections: Sequence[Section], **values: Any) -> str:
    """Fill a template with what every page has, and with values of its own.

    Args:
        template: Name of the template, a file beside this one.
        sections: All sections of the page; plotly.js is written into it where one has a plot.
        values: What else the template is given.
    """
    has_plots = any(section.figure for section in sections)
    page: str = (
        _environment()
        .get_template(template)
        .render(
            policy=POLICY,
            styles=[Markup(_asset(name)) for name in _STYLES],  # noqa: S704  # files of ours
            scripts=[Markup(_asset(name)) for name in _SCRIPTS],  # noqa: S704  # files of ours
            plotly=_plotly() if has_plots else "",
            **values,
        )
    )
    return page


def _checks(document: Document) -> list[Check]:
    """Return the answers of the health checks, warnings first."""
    checks = health_checks(document.evidence)
    return sorted(checks, key=lambda check: (False, True, None).index(check.ok))


def _groups(sections: list[Section]) -> list[tuple[str, list[Section]]]:
    """Return the sections below the first screen, by the group that they stand in."""
    groups: dict[str, list[Section]] = {}
    for section in sections:
        if not section.is_first:
            groups.setdefault(section.group, []).append(section)
    return list(groups.items())


def _facts(document: Document) -> dict[str, Any]:
    """Return what stands below the name of the sweep."""
    record = document.evidence.record
    started = None
    if record.started:
        started = dt.datetime.fromtimestamp(record.started, dt.timezone.utc)
    return {
        "started": started.strftime("%d %B %Y, %H:%M UTC") if started else "",
        "trials": len(record.trials),
        "tasks": len(document.evidence.tasks),
        "complete": record.complete,
        "stopped": None if record.stop is None else stop_text(record.stop),
    }


def _config(document: Document) -> str:
    """Return the sweep's config as it is stored, without secrets."""
    path = document.folder / sweep_directory.CONFIG
    try:
        return masked(path.read_text(encoding="utf-8"))
    except OSError:
        return ""


@cache
def _plotly() -> str:
    """Return plotly.js, packed by gzip: 1.9 MB in place of 4.8. `plots.js` unpacks it."""
    packed = gzip.compress(get_plotlyjs().encode(), mtime=0)
    return base64.b64encode(packed).decode()


@cache
def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    return Environment(
        loader=FunctionLoader(_asset),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
