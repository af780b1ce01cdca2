"""Why a sweep began no further trials, in a sentence."""

from __future__ import annotations

from mtl_search.storage.events import SearchStopped


def stop_text(stop: SearchStopped) -> str:
    """Return what ended the search or the whole sweep early, and what that left out.

    Examples:
        >>> stop_text(SearchStopped(scope="search", reason="good enough", top=1, seeds=2))
        'The search stopped early: good enough. Finalists: 1 configuration of each arm on 2 seeds.'
    """
    what = "The search stopped early"
    if stop.scope == "sweep":
        what = "The sweep stopped before all its trials had begun"
    text = f"{what}: {stop.reason}."
    if stop.top is not None:
        configurations = "1 configuration" if stop.top == 1 else f"{stop.top} configurations"
        text += f" Finalists: {configurations} of each arm on {stop.seeds} seeds."
    if stop.scope == "sweep":
        text += " It goes on with --resume, and more of search.time_budget where that is spent."
    return text
