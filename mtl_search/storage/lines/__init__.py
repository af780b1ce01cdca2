"""Lines of a journal: their types, their checksums, and what may follow what."""
