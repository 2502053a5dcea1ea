"""One suite over both databases. A PostgreSQL that cannot be reached skips, or fails where CI says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aperture_plugin.ports import Store
from aperture_plugin.store.opening import open_store
from tests.store.databases import database


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """The URL of a database of its own, dropped afterwards."""
    with database() as url:
        yield url


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
