"""From raw columns, labels and texts to numbers, fitted on training rows."""
