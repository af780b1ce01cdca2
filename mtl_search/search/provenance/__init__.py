"""What a session runs with, for its journal: the data set, and the environment."""
