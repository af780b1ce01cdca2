"""Several claims at once: Holm's correction."""

from __future__ import annotations

from collections.abc import Mapping


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Adjust p-values so that the probability of any false claim stays below the level asked for.

    Claim by claim, from the smallest p-value p_(1) to p_(m), the adjusted value is the largest of
    (m − i + 1) p_(i) so far, at most 1 (Holm, 1979). It holds whatever the claims have in common.

    Args:
        p_values: Name of a claim → its p-value.

    Returns:
        Adjusted p-values, in the order of `p_values`.

    Examples:
        >>> holm({"left": 0.25, "right": 0.0625, "both": 0.125})
        {'left': 0.25, 'right': 0.1875, 'both': 0.25}
    """
    adjusted: dict[str, float] = {}
    largest = 0.0
    for rank, name in enumerate(sorted(p_values, key=lambda name: p_values[name])):
        largest = max(largest, (len(p_values) - rank) * p_values[name])
        adjusted[name] = min(largest, 1.0)
    return {name: adjusted[name] for name in p_values}
