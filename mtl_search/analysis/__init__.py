"""What a finished sweep shows: references, comparisons and the verdict. Loads neither Ray, Optuna nor torch."""
