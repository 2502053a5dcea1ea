"""Makes the store for a URL."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from aperture_plugin.ports import Store, StoreRefused
from aperture_plugin.store.sqlite import SqliteStore
from aperture_plugin.store.sqlite_path import file_of
from aperture_plugin.words.mask import masked_address

__all__ = ["open_store"]


def open_store(url: str, *, directory: Path) -> Store:
    """Return the store at *url*, not opened yet.

    Args:
        url: `sqlite:///aperture.db` (relative to *directory*), `sqlite:////var/lib/aperture.db`, or
            `postgresql+psycopg://user:password@host/database`.
        directory: Absolute folder that a relative path starts from.
    Raises:
        StoreRefused: It is not such a URL, or its driver is not installed.
    """
    try:
        address = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise StoreRefused(f'"{masked_address(url)}" is no address of a store; write  sqlite:///aperture.db') from error
    if address.drivername == "sqlite" and address.database and address.database != ":memory:":
        return SqliteStore(file_of(url, directory=directory) or directory / address.database, shown=url)
    if address.drivername == "postgresql+psycopg":
        try:
            import psycopg  # noqa: F401  # only to say in words that it is missing
        except ImportError as error:
            raise StoreRefused("a PostgreSQL store needs  pip install 'aperture-plugin[postgres]'") from error
        from aperture_plugin.store.postgres import PostgresStore

        return PostgresStore(address)
    raise StoreRefused(
        f'"{masked_address(url)}" is no store; write  sqlite:///aperture.db  or  postgresql+psycopg://user@host/database'
    )
