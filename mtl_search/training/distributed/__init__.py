"""What several workers of a trial do together: communication, failures, batch normalisation."""
