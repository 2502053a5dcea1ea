"""Formats of `aperture check`, a module for each; every one offers `show(checked, several=…)`."""
