"""What an arm draws its trials from."""
