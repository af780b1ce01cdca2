"""The progress of a sweep as metrics of Ray, which Prometheus reads."""
