"""Executors, which run handlers and commands."""
