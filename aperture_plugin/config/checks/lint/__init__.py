"""Warnings about a file that is valid and may still not do what was meant; one module for each family.

`all_lints.lint` calls them all. Each looks at the configuration, which is small and already laid over, and goes back
to the words of the file only for the place of what it tells.
"""
