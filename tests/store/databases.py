"""A database of a test's own on the PostgreSQL that all tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

__all__ = ["database"]

_SERVER = os.environ.get("APERTURE_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/test")


@contextmanager
def database() -> Iterator[str]:
    """Give the URL of a new database, dropped afterwards; skip where no server answers, or fail where CI says so."""
    name = f"aperture_{uuid4().hex[:12]}"
    server = create_engine(_SERVER, isolation_level="AUTOCOMMIT")
    try:
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
    except OperationalError:
        if os.environ.get("APERTURE_TEST_REQUIRE") == "1":
            raise
        pytest.skip(f"no PostgreSQL answers at {_SERVER}; $APERTURE_TEST_POSTGRES names another")
    try:
        yield make_url(_SERVER).set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        server.dispose()
