"""Speed-ups for many runs due at one instant; every promise holds without them, only slower."""
