"""Translates the errors of databases into plain words."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from aperture_plugin.ports import StoreRefused, StoreUnavailable
from aperture_plugin.words.mask import Mask

__all__ = ["is_too_large", "store_error"]

_REFUSED = {
    "file is not a database": "it is a file, but not a SQLite database",
    "malformed": "it is damaged (SQLite finds it malformed)",
    "disk image is malformed": "it is damaged (SQLite finds it malformed)",
}
_TOO_LARGE = (
    "string or blob too big",
    "too many sql variables",
    "expression tree is too large",
    "number of parameters must be between",
    "invalid memory alloc request size",
    "message too long",
    "string too long",
    "row is too big",
)
_UNAVAILABLE = {
    "database is locked": "another process has held it for more than 5 seconds",
    "due to lock timeout": "another process has held it for more than 5 seconds",
    "database or disk is full": "the disk is full",
    "unable to open database file": "it cannot be opened (is its folder there, and may this user write to it?)",
    "readonly database": "it cannot be written to (is it owned by another user?)",
    "disk i/o error": "the disk reports an error",
}


def is_too_large(error: SQLAlchemyError) -> bool:
    """Return whether a database refused a statement for its size, or that of a value in it: the database is fine."""
    if not isinstance(error, DBAPIError):
        return False
    # The class 54 of SQLSTATE holds the limits of a program.
    state = getattr(error.orig, "sqlstate", None) or ""
    low = str(error.orig).lower()
    return state.startswith("54") or any(sign in low for sign in _TOO_LARGE)


def store_error(url: str, error: SQLAlchemyError, mask: Mask) -> StoreUnavailable | StoreRefused:
    """Return *error* as `StoreUnavailable` or `StoreRefused`.

    Args:
        url: The store's address, with the password masked.
        mask: Masks its passwords, because a driver may repeat a part of the address.
    """
    message = mask(str(error.orig if isinstance(error, DBAPIError) else error).strip())
    low = message.lower()
    for sign, words in _REFUSED.items():
        if sign in low:
            return StoreRefused(f"{url}: {words}; move it away, or restore it from a backup")
    for sign, words in _UNAVAILABLE.items():
        if sign in low:
            return StoreUnavailable(f"{url}: {words}")
    if isinstance(error, DBAPIError) and (isinstance(error, OperationalError) or error.connection_invalidated):
        return StoreUnavailable(f"{url}: {message.splitlines()[0]}")
    return StoreUnavailable(
        f"{url}: {type(error).__name__}: {message.splitlines()[0] if message else 'no reason given'}"
    )
