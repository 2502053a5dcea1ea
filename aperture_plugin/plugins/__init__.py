"""Plugins: how they are found, checked and called; the home of pluggy."""
