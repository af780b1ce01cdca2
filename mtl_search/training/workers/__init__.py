"""Ray's side of training: slots, worker groups and their placement groups."""
