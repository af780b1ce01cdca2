"""What is measured of the tasks while a network trains, and changes nothing of its training."""
