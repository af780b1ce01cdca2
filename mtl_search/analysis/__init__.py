"""What a sweep shows: references, comparisons, verdict. Loads neither Ray, Optuna nor torch."""
