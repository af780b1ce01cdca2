"""What `packs` measures: shapes of trials, the hand-written loop, whole sweeps."""
