"""This machine's clock, zone and processes."""
