"""Where a store lies, told by its URL: the same file that the store itself opens."""

from __future__ import annotations

from pathlib import Path

import pytest

from aperture_plugin.store.connect import open_store
from aperture_plugin.store.sqlite_path import file_of


@pytest.mark.parametrize("end", ["media.db", "data/media.db", "{folder}/elsewhere.db", "media.db?timeout=3", "a b%.db"])
def test_the_file_that_is_told_is_the_one_that_is_opened(tmp_path: Path, end: str) -> None:
    (tmp_path / "data").mkdir()
    url = "sqlite:///" + end.format(folder=tmp_path)
    told = file_of(url, directory=tmp_path)
    assert told is not None
    assert not told.exists()

    store = open_store(url, directory=tmp_path)
    store.open()
    store.close()

    assert told.exists()


def test_a_server_is_no_file(tmp_path: Path) -> None:
    assert file_of("postgresql+psycopg://ana@host/media", directory=tmp_path) is None
