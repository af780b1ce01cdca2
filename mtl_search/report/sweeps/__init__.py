"""The comparison of several sweeps: on a terminal, as Markdown, JSON and HTML."""
