"""The studies of a sweep's arms, rebuilt from its journal without Ray."""
