"""The search: arms, spaces, studies, schedulers, the journal, and the sweep that runs them on Ray."""
