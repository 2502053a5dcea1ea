"""Checks of a file whose form is right: references, circles, lint, expectations."""
