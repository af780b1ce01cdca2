"""What a sweep leaves on disk: journal, records, folders, checkpoints. Loads no torch, no Ray."""
