"""The protocol that makes a comparison of arms fair: offered settings, and races of finalists."""
