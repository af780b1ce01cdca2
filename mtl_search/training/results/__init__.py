"""What a trial gives: the values of its epochs, and the network of its best one."""
