"""The picture of a network, as an image inside the page."""

from __future__ import annotations

import base64

# A picture of a hundred tasks would take more room than all tables of the page.
_MOST_CHARACTERS = 300_000


def picture_source(svg: str) -> str:
    """Return the address of a picture that holds it all; empty where there is none.

    As an image it can neither run scripts nor ask for files, whatever its text says.

    Args:
        svg: The picture as SVG.

    Examples:
        >>> picture_source("")
        ''
        >>> picture_source("<svg/>")
        'data:image/svg+xml;base64,PHN2Zy8+'
    """
    if not svg or len(svg) > _MOST_CHARACTERS:
        return ""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
