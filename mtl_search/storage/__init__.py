"""What a sweep leaves on disk: journal, records, folders and checkpoints. Loads neither torch nor Ray."""
