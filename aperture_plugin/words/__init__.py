"""Text that a person writes, and the values it stands for, both ways.

Readers take a string and give a value or raise `Unreadable`, nothing else; printers give text that
reads back as the same value. Everything here is pure and knows nothing of the file it came from.
"""
