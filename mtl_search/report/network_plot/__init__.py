"""The picture of a network: layout of its graph, text, and drawing."""
