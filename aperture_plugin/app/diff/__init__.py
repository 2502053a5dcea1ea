"""Compares two configurations: what a change to the file does to the words and to the times."""
