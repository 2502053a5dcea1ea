"""Changes to the text of the file that leave everything around them as it was."""
