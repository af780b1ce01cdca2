"""Views of what tasks do to each other; they show what a sweep has measured on request."""
