"""What MLflow's pages show of a sweep as a whole: its answer, its view, its data, its files."""
