"""Models of scikit-learn on tables: what a network should not fall behind."""
