"""What belongs together: the folder of a sweep, its journal and its config."""
