"""Converts between text that a person writes and values.

A reader takes a string and returns a value or raises `Unreadable`; a printer returns text that reads back as the same
value. Everything here is pure, and independent of the file that the text comes from.
"""
