"""What several views need: trials and finalists with their worth, ratios of weights, bins."""
