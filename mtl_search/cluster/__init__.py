"""The Ray cluster: connection, capacity, monitoring and shared storage."""
