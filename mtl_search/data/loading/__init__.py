"""From a data set to batches on a device."""
