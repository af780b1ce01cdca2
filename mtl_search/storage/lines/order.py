"""What may follow what in a journal: lines of another sweep, or a doubled file, are refused."""

from __future__ import annotations

from collections import Counter

from mtl_search.storage.events import (
    Event,
    ExploitEnded,
    ObjectivesRecomputed,
    SweepStarted,
    TrialEnded,
    TrialEvent,
    TrialStarted,
)

# The layout of journals that this version writes; 1 is that of versions 0.1 and 0.2, whose lines
# have neither a checksum nor the config.
FORMAT = 2


class Order:
    """Take the events of a journal one by one, and tell of one that cannot stand there.

    Examples:
        >>> order = Order()
        >>> order.problem(SweepStarted(id="ab12", name="toy"))
        ''
        >>> order.problem(TrialEnded(id="search-0003", state="COMPLETE", reason=""))
        "the trial 'search-0003' has not begun"
    """

    def __init__(self) -> None:
        self._sweep: SweepStarted | None = None
        self._trials: Counter[str] = Counter()
        self._running: set[str] = set()
        self._known: set[str] = set()

    def problem(self, event: Event, *, sealed: bool = False) -> str:
        """Return why an event cannot come next; empty where it can.

        Args:
            event: The next event.
            sealed: Whether its line has a checksum, which tells of missing lines.
        """
        if isinstance(event, SweepStarted):
            return self._problem_of_session(event)
        if self._sweep is None:
            return f"a journal begins with the event 'sweep', not with {event.kind!r}"
        if isinstance(event, TrialStarted):
            return self._problem_of_start(event, sealed=sealed)
        return self._problem_of_trial(event) if isinstance(event, TrialEvent) else ""

    def _problem_of_session(self, event: SweepStarted) -> str:
        if self._sweep is None:
            self._sweep = event
        first, now = (self._sweep.name, self._sweep.id), (event.name, event.id)
        if first != now:
            return (
                f"it is of another sweep, {now[0]!r} ({now[1]}), and line 1 of {first[0]!r} "
                f"({first[1]})"
            )
        return ""

    def _problem_of_start(self, event: TrialStarted, *, sealed: bool) -> str:
        if event.id in self._known:
            return f"the trial {event.id!r} has begun before: lines are doubled"
        if not sealed and event.number != self._trials[event.arm]:
            return (
                f"trial {event.number} of the arm {event.arm!r} follows {self._trials[event.arm]} "
                "others: lines are missing, or not in their place"
            )
        if event.origin and event.origin not in self._known:
            return f"its origin, the trial {event.origin!r}, has not begun"
        self._trials[event.arm] += 1
        self._known.add(event.id)
        self._running.add(event.id)
        return ""

    def _problem_of_trial(self, event: TrialEvent) -> str:
        if event.id not in self._known:
            return f"the trial {event.id!r} has not begun"
        if isinstance(event, ExploitEnded) and event.donor not in self._known:
            return f"the trial {event.donor!r}, whose network it takes, has not begun"
        if event.id not in self._running and not isinstance(event, ObjectivesRecomputed):
            return f"the trial {event.id!r} has ended before: lines are doubled"
        if isinstance(event, TrialEnded):
            if event.state == "RUNNING":
                return "state: a trial does not end as 'RUNNING'"
            self._running.remove(event.id)
        return ""
