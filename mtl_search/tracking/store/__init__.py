"""How much goes to MLflow's store at a time."""
