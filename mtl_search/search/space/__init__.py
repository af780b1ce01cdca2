"""Search spaces of arms, and loss weights as params of a space."""
