"""Tables for programs: one row a trial, one row an epoch."""
