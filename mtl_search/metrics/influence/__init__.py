"""How much each labelled cell adds to a metric: its influence, in closed form."""
