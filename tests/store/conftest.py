"""One suite over both databases. A PostgreSQL that cannot be reached skips, or fails where CI says so."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from aperture_plugin.ports import Store
from aperture_plugin.store.opening import open_store

SERVER = os.environ.get("APERTURE_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/test")


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """The URL of a database of its own, dropped afterwards."""
    name = f"aperture_{uuid4().hex[:12]}"
    server = create_engine(SERVER, isolation_level="AUTOCOMMIT")
    try:
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
    except OperationalError as error:
        if os.environ.get("APERTURE_TEST_REQUIRE") == "1":
            raise
        pytest.skip(f"no PostgreSQL at {SERVER}: {error}")
    yield make_url(SERVER).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty store."""
    if request.param == "sqlite":
        return "sqlite:///aperture.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[Store]:
    """An open store."""
    opened = open_store(url, directory=tmp_path)
    opened.open()
    yield opened
    opened.close()


@pytest.fixture
def other(url: str, tmp_path: Path, store: Store) -> Iterator[Store]:
    """The same store, as another process would open it."""
    opened = open_store(url, directory=tmp_path)
    opened.open()
    yield opened
    opened.close()
