"""Ray and Python of a cluster that lets no process in that has others."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class VersionMismatch:
    """The versions of a cluster and of this process, which differ.

    Attributes:
        ray_there: Ray of the cluster.
        ray_here: Ray of this process.
        python_there: Python of the cluster.
        python_here: Python of this process.
    """

    ray_there: str
    ray_here: str
    python_there: str
    python_here: str

    def sentence(self, address: str) -> str:
        """Say what differs.

        Args:
            address: The cluster's address.

        Examples:
            >>> VersionMismatch("2.61.0", "2.60.0", "3.11.7", "3.11.7").sentence("h:6379")
            'the cluster at h:6379 has Ray 2.61.0 and Python 3.11.7, this machine Ray 2.60.0 ...'
        """
        return (
            f"the cluster at {address} has Ray {self.ray_there} and Python {self.python_there}, "
            f"this machine Ray {self.ray_here} and Python {self.python_here}"
        )


def find_mismatch(text: str) -> VersionMismatch | None:
    """Read Ray's error about versions, which names those of the cluster first.

    Args:
        text: The text of an error.

    Returns:
        The versions; None where the error is about something else.

    Examples:
        >>> find_mismatch("no route to host") is None
        True
    """
    words = text.partition("Version mismatch")[2].split()
    found = {
        name: [after for before, after in pairwise(words) if before == name]
        for name in ("Ray:", "Python:")
    }
    if min(map(len, found.values())) < 2:
        return None
    return VersionMismatch(*found["Ray:"][:2], *found["Python:"][:2])
