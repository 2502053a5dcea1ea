"""Jobs in any order, killed in the middle, or beside each other: the library is whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aperture_plugin.rules.jobs import Job

from .conftest import HOOKS, IN_ORDER, MediaLibrary

KILLED_BY_ITSELF = """
import logging, os, signal, sys
from pathlib import Path
from aperture_plugin.plugins.hooks_folder import import_folder

hooks, folder, name, last = sys.argv[1:]

class Run:
    params = {"folder": folder}
    log = logging.getLogger("run")
    def track(self, items, *, total=None):
        for done, item in enumerate(items, start=1):
            yield item
            self.progress(done)
    def progress(self, done, total=None):
        if done >= int(last):
            os.kill(os.getpid(), signal.SIGKILL)
    def spend(self, limit, calls=1):
        pass

[(_, plugin)] = import_folder(Path(hooks))
{job.name: job for job in plugin.aperture_jobs()}[name].handler(Run())
"""


def run_until_killed(library: MediaLibrary, name: str, last: int) -> None:
    """Run a job in a process that is killed, as by `kill -9`, once it has done so many items."""
    arguments = [sys.executable, "-c", KILLED_BY_ITSELF, str(HOOKS), str(library.root), name, str(last)]
    ended = subprocess.run(arguments, check=False, env=os.environ | {"PYTHONPATH": str(HOOKS.parent)})
    assert ended.returncode == -signal.SIGKILL


def left_overs(library: MediaLibrary) -> list[Path]:
    return [*library.root.rglob("*.partial"), *library.root.rglob("*-journal")]


@pytest.mark.parametrize("name", IN_ORDER)
def test_each_job_may_be_the_first_one_ever(library: MediaLibrary, name: str) -> None:
    first, second = library.run(name), library.run(name)

    assert first
    assert second.get("note") == first.get("note")


@given(order=st.permutations(IN_ORDER))
@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_order_the_first_day_has_the_second_day_has_everything(
    tmp_path_factory: pytest.TempPathFactory, jobs: Mapping[str, Job], order: list[str]
) -> None:
    library = MediaLibrary(tmp_path_factory.mktemp("day") / "media-library", jobs)
    library.run_all(order)

    results = library.run_all()

    assert [name for name, result in results.items() if "note" in result] == []
    assert library.value("SELECT count(*) FROM title") == library.value("SELECT count(*) FROM embedding") == 220
    assert library.value("SELECT count(DISTINCT user) FROM recommendation") == 8
    assert len(list((library.root / "playlists").iterdir())) == 9


def test_a_second_pass_over_all_jobs_changes_nothing(built: MediaLibrary) -> None:
    built.run_all(IN_ORDER * 2)  # Until there is nothing left to enrich.
    tables = (
        "user",
        "title",
        "watch",
        "fact",
        "term",
        "embedding",
        "similar",
        "recommendation",
        "top_pick",
        "discovery",
    )
    before = {table: built.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables}

    built.run_all()

    assert {table: built.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables} == before


def test_a_scan_that_was_killed_goes_on_where_it_was(library: MediaLibrary) -> None:
    run_until_killed(library, "library-scan", 120)
    assert library.value("SELECT count(*) FROM title") == 100

    result = library.run("library-scan")

    assert (result["added"], result["unchanged"]) == (120, 100)
    assert left_overs(library) == []


def test_an_import_that_was_killed_takes_no_event_twice(library: MediaLibrary) -> None:
    run_until_killed(library, "watch-history", 150)

    result = library.run("watch-history")

    assert result == {"imported": 107, "refused": 0, "last_event": 307}
    assert library.value("SELECT count(*) FROM watch") == 307


def test_an_enrichment_that_was_killed_asks_nothing_twice(library: MediaLibrary) -> None:
    library.run("library-scan")
    run_until_killed(library, "enrichment", 30)

    result = library.run("enrichment", at_most=10)

    assert (result["asked"], result["left"]) == (10, 180)


def test_embeddings_that_were_killed_go_on_with_the_same_model(library: MediaLibrary) -> None:
    library.run("library-scan")
    run_until_killed(library, "embeddings", 120)
    learned = library.rows("SELECT * FROM term ORDER BY term")

    result = library.run("embeddings")

    assert (result["embedded"], result["kept"], result["similar"]) == (120, 100, 220)
    assert library.rows("SELECT * FROM term ORDER BY term") == learned


@pytest.mark.parametrize("name", ["recommendations", "library-build", "top-picks", "discovery", "database-backup"])
def test_whatever_was_killed_the_next_run_completes(built: MediaLibrary, name: str) -> None:
    run_until_killed(built, name, 3)

    results = built.run_all()

    assert built.value("PRAGMA integrity_check") == "ok"
    assert (
        built.value("SELECT count(*) FROM embedding") == built.value("SELECT count(DISTINCT key) FROM similar") == 220
    )
    assert results["discovery"]["found"] == 25
    assert left_overs(built) == []


def test_a_library_whose_making_was_killed_is_made_whole(library: MediaLibrary) -> None:
    half = library.root / ".media.partial" / "movies"
    half.mkdir(parents=True)
    (half / "half.nfo").write_text("kind: mov", encoding="utf-8")

    result = library.run("library-scan")

    assert (result["added"], result["unreadable"]) == (220, 0)
    assert left_overs(library) == []


def test_jobs_that_start_a_library_at_the_same_time_make_it_once(library: MediaLibrary) -> None:
    def run(name: str) -> dict[str, object]:
        result: dict[str, object] = MediaLibrary(library.root, library.jobs).run(name)
        return result

    with ThreadPoolExecutor(4) as pool:
        users, scan, history, backup = pool.map(run, ("user-sync", "library-scan", "watch-history", "database-backup"))

    assert (users["added"], scan["added"], history["imported"], backup["kept"]) == (8, 220, 307, 1)
    assert left_overs(library) == []


def test_a_library_of_a_later_version_is_left_alone(library: MediaLibrary, parts: Mapping[str, ModuleType]) -> None:
    library.run("user-sync")
    database = parts["database"].Database(library.root / "library.db")
    database.connection.execute("PRAGMA user_version = 99")
    database.close()

    with pytest.raises(Exception, match="made by a later version of this plugin"):
        library.run("user-sync")
