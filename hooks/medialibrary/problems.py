"""The exception of a job that cannot do its work."""

from __future__ import annotations

__all__ = ["LibraryProblem"]


class LibraryProblem(Exception):
    """The library is not as a job needs it; the message says what to do about it."""
