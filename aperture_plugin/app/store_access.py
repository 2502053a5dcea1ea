"""Access to a store for readers: where there is none yet, reading must not make one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from aperture_plugin.app.source import Source, store_file, store_of
from aperture_plugin.clock.process_liveness import holders
from aperture_plugin.config.model import Reading
from aperture_plugin.ports import Store, StoreRefused, StoreUnavailable
from aperture_plugin.store.memory import MemoryStore

__all__ = ["StoreAstray", "empty_store", "opened", "opened_to_look", "require_not_astray"]


@contextmanager
def opened(source: Source, reading: Reading, *, url: str | None) -> Iterator[Store]:
    """Open the store that *url*, else the environment, else the file names, for as long as the block lasts.

    Raises:
        StoreUnavailable, StoreRefused: The store is unknown, or cannot be reached, or must not be touched.
    """
    store = store_of(source, reading, url=url)
    store.open()
    try:
        yield store
    finally:
        store.close()


@contextmanager
def opened_to_look(source: Source, reading: Reading, *, url: str | None) -> Iterator[Store]:
    """Open the store to read it; one that is not there yet is empty, and is not made.

    Raises:
        StoreUnavailable, StoreRefused: As `opened`.
        StoreAstray: It is gone, or no store any more, and a loop still runs on it.
    """
    path = store_file(source, reading, url=url)
    store = store_of(source, reading, url=url)
    if path is not None and not path.exists():
        require_not_astray(store, path, "was deleted or moved away")
        if not path.exists():  # A loop that begins just now may have made it meanwhile.
            yield empty_store()
            return
    try:
        is_there = store.open_to_look()
    except StoreRefused as refused:
        if path is not None:
            require_not_astray(store, path, "was overwritten", refused)
        raise
    if not is_there:
        yield empty_store()
        return
    try:
        yield store
    finally:
        store.close()


def require_not_astray(store: Store, path: Path, what: str, cause: Exception | None = None) -> None:
    """Raise if other processes still work on the file at *path*, of which they know another content, or which is gone.

    Raises:
        StoreAstray: There are such processes.
    """
    was_there = path.exists()
    pids = holders(path)
    if pids and path.exists() == was_there:  # Else one of them has made it since: it is no other file than theirs.
        raise StoreAstray(store.url, what, pids) from cause


class StoreAstray(StoreUnavailable):
    """The store's file is gone or no store any more, while processes still work on it.

    Attributes:
        pids: Those processes.
    """

    def __init__(self, address: str, what: str, pids: Sequence[int]) -> None:
        named = " and ".join(map(str, pids))
        mend = "put it back, or stop the loop and start anew"
        super().__init__(f"a loop runs (process {named}), but its store {address} {what}; {mend}")
        self.pids = tuple(pids)


def empty_store() -> Store:
    """Return what stands in for a store that is not there, or that cannot be read."""
    store = MemoryStore(url="(nothing has run yet)")
    store.open()
    return store
