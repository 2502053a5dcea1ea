"""The root of all that this package raises of its own."""

from __future__ import annotations

__all__ = ["ApertureError"]


class ApertureError(Exception):
    """The root of every exception class of the package.

    Where Python has a class for the case, such as ValueError or KeyError, ours has both for bases.
    """
