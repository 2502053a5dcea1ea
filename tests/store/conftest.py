"""One suite over both databases, and the dictionaries of the simulation.

A PostgreSQL that cannot be reached skips, or fails where CI says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aperture_plugin.ports import Store
from aperture_plugin.store.connect import open_store
from aperture_plugin.store.memory import MemoryStore
from aperture_plugin.store.memory_ledger import Tables
from tests.store.databases import database

CONTRACT = {"test_store", "test_promises", "test_accounts", "test_retention"}


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """The URL of a database of its own, dropped afterwards."""
    with database() as url:
        yield url


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Hold the dictionaries to the contract too; what is only a database's own is not asked of them."""
    if "kind" in metafunc.fixturenames:
        in_contract = metafunc.module.__name__.rpartition(".")[2] in CONTRACT and "url" not in metafunc.fixturenames
        metafunc.parametrize("kind", ["sqlite", "postgres", *(["memory"] if in_contract else [])])


@pytest.fixture
def url(request: pytest.FixtureRequest, kind: str) -> str:
    """The URL of an empty store."""
    if kind == "sqlite":
        return "sqlite:///aperture.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def opening(request: pytest.FixtureRequest, kind: str, tmp_path: Path) -> Callable[[], Store]:
    """Opens the one store of the test, as any process would."""
    if kind == "memory":
        tables = Tables()
        return lambda: MemoryStore(tables)
    url = str(request.getfixturevalue("url"))
    return lambda: open_store(url, directory=tmp_path)


@pytest.fixture
def store(opening: Callable[[], Store]) -> Iterator[Store]:
    """An open store."""
    opened = opening()
    opened.open()
    yield opened
    opened.close()


@pytest.fixture
def other(opening: Callable[[], Store], store: Store) -> Iterator[Store]:
    """The same store, as another process would open it."""
    opened = opening()
    opened.open()
    yield opened
    opened.close()
