"""Packs of dense networks: a table's, mostly. Layers of several tasks are one operation, too."""
