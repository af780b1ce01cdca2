"""What users' parts of a network do on a small batch, held against what their families need."""
