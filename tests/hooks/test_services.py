"""enrichment and discovery: jobs that call out, within a limit."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

import pytest

from aperture_plugin.ports import RunCancelled

from .conftest import MediaLibrary


def test_enrichment_asks_about_titles_without_a_plot_first(library: MediaLibrary) -> None:
    library.run("library-scan")
    assert library.value("SELECT count(*) FROM known_title WHERE plot = ''") == 17

    result = library.run("enrichment", at_most=20)

    assert result == {"asked": 20, "filled": 20, "unknown": 0, "left": 200}
    assert library.last.spent["omdb"] == 20
    assert library.value("SELECT count(*) FROM known_title WHERE plot = ''") == 0


def test_run_by_run_enrichment_asks_once_about_every_title(library: MediaLibrary) -> None:
    library.run("library-scan")

    results = [library.run("enrichment") for _ in range(4)]

    assert [result["asked"] for result in results] == [100, 100, 20, 0]
    assert [result["left"] for result in results] == [120, 20, 0, 0]
    assert sum(result["unknown"] for result in results) == 14
    assert library.value("SELECT count(*) FROM known_title WHERE minutes > 0 AND made_by <> ''") == 206


def test_what_a_file_says_wins_over_what_a_service_says(library: MediaLibrary) -> None:
    library.run("library-scan")
    library.run("enrichment", at_most=20)
    key = library.value("SELECT key FROM fact WHERE plot <> '' LIMIT 1")
    file = library.file_of(key)
    file.write_text(file.read_text(encoding="utf-8") + "plot: As the file has it.\n", encoding="utf-8")

    library.run("library-scan")

    assert library.value("SELECT plot FROM known_title WHERE key = ?", key) == "As the file has it."


def test_a_title_nobody_has_heard_of_is_asked_about_again_a_month_later(
    library: MediaLibrary, parts: Mapping[str, ModuleType]
) -> None:
    library.write_title("one.nfo", "kind: movie\ntitle: Pigeon Weather\nyear: 2022\n")
    library.run("library-scan")
    first, soon = library.run("enrichment"), library.run("enrichment")
    database = parts["database"].Database(library.root / "library.db")
    database.connection.execute("UPDATE fact SET asked_at = '2025-01-01T00:00:00Z'")
    database.close()

    later = library.run("enrichment")

    assert first == later == {"asked": 1, "filled": 0, "unknown": 1, "left": 0}
    assert soon == {"asked": 0, "filled": 0, "unknown": 0, "left": 0}


def test_an_answer_that_was_paid_for_is_kept_when_the_run_is_cancelled(library: MediaLibrary) -> None:
    library.run("library-scan")
    with pytest.raises(RunCancelled):
        library.run("enrichment", cancel_after=30)
    assert library.value("SELECT count(*) FROM fact") == library.last.spent["omdb"] == 30

    result = library.run("enrichment")

    assert (result["asked"], result["left"]) == (100, 90)


@pytest.mark.parametrize(("name", "limit"), [("enrichment", "omdb"), ("discovery", "tmdb")])
def test_a_limit_that_the_file_does_not_declare_is_said_once_and_holds_nothing_up(
    built: MediaLibrary, name: str, limit: str
) -> None:
    result = built.run(name, limits=())

    warnings = [line for line in built.last.lines if line.startswith("WARNING")]
    assert result["asked"] > 1
    assert warnings == [f"WARNING schedules.yaml declares no limit {limit}, so calls are not counted"]


def test_before_the_first_scan_there_is_nothing_to_enrich(library: MediaLibrary) -> None:
    result = library.run("enrichment")

    assert result["note"] == "no titles yet: run library-scan first"
    assert (result["asked"], library.last.spent["omdb"]) == (0, 0)


def test_discovery_finds_what_the_library_does_not_have(built: MediaLibrary) -> None:
    found = built.rows("SELECT d.key, d.score, d.because, t.key FROM discovery d LEFT JOIN title t ON t.key = d.key")

    assert len(found) == 25
    assert all(score >= 0.2 and because and owned is None for _, score, because, owned in found)
    assert (
        built.value("SELECT because FROM discovery WHERE key = 'three-umbrellas-1971'")
        == "inspector-of-small-things-2004"
    )


def test_each_favorite_costs_one_call(built: MediaLibrary) -> None:
    result = built.run("discovery", favorites=1)

    assert 1 <= result["asked"] <= 8
    assert built.last.spent["tmdb"] == result["asked"]


def test_discovering_twice_keeps_when_a_find_was_made(built: MediaLibrary) -> None:
    before = built.rows("SELECT * FROM discovery ORDER BY key")

    result = built.run("discovery")

    assert (result["found"], result["new"], result["dropped"]) == (25, 0, 0)
    assert built.rows("SELECT * FROM discovery ORDER BY key") == before


def test_a_find_that_comes_into_the_library_is_dropped(built: MediaLibrary) -> None:
    built.write_title("movies/new.nfo", "kind: movie\ntitle: Three Umbrellas\nyear: 1971\n")
    built.run("library-scan")

    result = built.run("discovery")

    assert result["dropped"] >= 1
    assert built.value("SELECT count(*) FROM discovery WHERE key = 'three-umbrellas-1971'") == 0


def test_only_what_is_alike_enough_is_found(built: MediaLibrary) -> None:
    result = built.run("discovery", alike=80)

    assert 0 < result["found"] < 10
    assert built.value("SELECT min(score) FROM discovery") >= 0.8


def test_a_cancelled_discovery_leaves_the_old_finds_whole(built: MediaLibrary) -> None:
    before = built.rows("SELECT * FROM discovery")

    with pytest.raises(RunCancelled):
        built.run("discovery", alike=90, cancel_after=3)

    assert built.rows("SELECT * FROM discovery") == before


def test_before_there_are_favorites_nothing_is_asked(library: MediaLibrary) -> None:
    result = library.run("discovery")

    assert result["note"] == "no favorites with a vector yet: run user-sync, watch-history, library-scan and embeddings"
    assert (result["asked"], library.last.spent["tmdb"]) == (0, 0)
