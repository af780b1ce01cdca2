"""The search: arms, spaces, studies, schedulers, and the sweep that runs them on Ray."""
