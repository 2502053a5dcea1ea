"""What a database says when it cannot, in words for whoever reads the log."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from aperture_plugin.ports import StoreRefused, StoreUnavailable

__all__ = ["in_words"]

_REFUSED = {
    "file is not a database": "it is a file, but not a SQLite database",
    "malformed": "it is damaged (SQLite finds it malformed)",
    "disk image is malformed": "it is damaged (SQLite finds it malformed)",
}
_UNAVAILABLE = {
    "database is locked": "another process has held it for more than 5 seconds",
    "due to lock timeout": "another process has held it for more than 5 seconds",
    "database or disk is full": "the disk is full",
    "unable to open database file": "it cannot be opened (is its folder there, and may this user write to it?)",
    "readonly database": "it cannot be written to (is it owned by another user?)",
    "disk i/o error": "the disk reports an error",
}


def in_words(url: str, error: SQLAlchemyError) -> StoreUnavailable | StoreRefused:
    """Return *error* as one of the two that the loop knows.

    Args:
        url: The store, a password masked.
    """
    said = str(error.orig if isinstance(error, DBAPIError) else error).strip()
    low = said.lower()
    for sign, words in _REFUSED.items():
        if sign in low:
            return StoreRefused(f"{url}: {words}; move it away, or restore it from a backup")
    for sign, words in _UNAVAILABLE.items():
        if sign in low:
            return StoreUnavailable(f"{url}: {words}")
    if isinstance(error, DBAPIError) and (isinstance(error, OperationalError) or error.connection_invalidated):
        return StoreUnavailable(f"{url}: {said.splitlines()[0]}")
    return StoreUnavailable(f"{url}: {type(error).__name__}: {said.splitlines()[0] if said else 'no reason given'}")
