"""library-scan: what is new, changed, moved or gone, found by size, time and digest."""

from __future__ import annotations

import os
import shutil

import pytest

from aperture_plugin.ports import RunCancelled

from .conftest import MediaLibrary

NOTHING = dict.fromkeys(("files", "added", "changed", "moved", "unchanged", "removed", "unreadable", "duplicates"), 0)


def test_the_first_scan_makes_the_folder_and_indexes_all_of_it(library: MediaLibrary) -> None:
    result = library.run("library-scan")

    assert result == {**NOTHING, "files": 220, "added": 220}
    assert library.last.lines[0] == f"INFO made {library.root / 'media'}: 220 titles to begin with"
    assert (library.last.done, library.last.total) == (220, 220)
    assert library.rows(
        "SELECT kind, title, year, genres, path FROM title WHERE key = 'the-ferrymans-apprentice-1983'"
    ) == [
        (
            *("movie", "The Ferryman's Apprentice", 1983, "comedy; family"),
            "movies/The Ferryman's Apprentice (1983).nfo",
        )
    ]


def test_a_second_scan_opens_no_file(library: MediaLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    library.run("library-scan")
    monkeypatch.setattr("pathlib.Path.read_bytes", lambda path: pytest.fail(f"{path} was read"))

    assert library.run("library-scan") == {**NOTHING, "files": 220, "unchanged": 220}


def test_a_file_that_was_only_touched_is_unchanged(library: MediaLibrary) -> None:
    library.run("library-scan")
    touched = library.file_of("herring-moon-1974")
    os.utime(touched, (1_700_000_000, 1_700_000_000))

    result = library.run("library-scan")

    assert result == {**NOTHING, "files": 220, "unchanged": 220}
    assert library.value("SELECT modified_ns FROM title WHERE key = 'herring-moon-1974'") == 1_700_000_000 * 10**9


def test_a_new_a_changed_and_a_deleted_file_are_found(library: MediaLibrary) -> None:
    library.run("library-scan")
    library.write_title(
        "movies/new.nfo", "kind: movie\ntitle: Pigeon Weather\nyear: 2022\nplot: Pigeons predict rain.\n"
    )
    changed = library.file_of("herring-moon-1974")
    changed.write_text(changed.read_text(encoding="utf-8").replace("romance", "adventure"), encoding="utf-8")
    library.file_of("stroke-seat-1995").unlink()

    result = library.run("library-scan")

    assert result == {**NOTHING, "files": 220, "added": 1, "changed": 1, "removed": 1, "unchanged": 218}
    assert library.value("SELECT plot FROM title WHERE key = 'pigeon-weather-2022'") == "Pigeons predict rain."
    assert library.value("SELECT genres FROM title WHERE key = 'herring-moon-1974'") == "drama; adventure"
    assert library.value("SELECT count(*) FROM title WHERE key = 'stroke-seat-1995'") == 0
    assert sorted(library.last.lines) == [
        "INFO added movies/new.nfo",
        "INFO changed movies/Herring Moon (1974).nfo",
        "INFO removed movies/Stroke Seat (1995).nfo",
    ]


def test_a_file_that_moved_is_the_same_title(library: MediaLibrary) -> None:
    library.run("library-scan")
    target = library.root / "media" / "winter" / "1974" / "moon.nfo"
    target.parent.mkdir(parents=True)
    library.file_of("herring-moon-1974").rename(target)

    result = library.run("library-scan")

    assert result == {**NOTHING, "files": 220, "moved": 1, "unchanged": 219}
    assert library.file_of("herring-moon-1974") == target


def test_of_two_files_of_one_title_the_first_counts(library: MediaLibrary) -> None:
    library.run("library-scan")
    original = library.file_of("herring-moon-1974")
    shutil.copy(original, original.with_name("Herring Moon, copy.nfo"))

    for _ in range(2):
        result = library.run("library-scan")

        assert (result["duplicates"], result["removed"]) == (1, 0)
        assert library.value("SELECT count(*) FROM title") == 220


@pytest.mark.parametrize("content", [b"", b"kind: movie\n", b"\xff\xfe\x00", b"kind: movie\ntitle: A\nyear: 12\n"])
def test_a_file_that_cannot_be_read_is_told_of_and_stops_nothing(library: MediaLibrary, content: bytes) -> None:
    library.run("user-sync")
    (library.root / "media" / "movies" / "broken.nfo").write_bytes(content)

    result = library.run("library-scan")

    assert result == {**NOTHING, "files": 221, "added": 220, "unreadable": 1}
    [warning] = [line for line in library.last.lines if line.startswith("WARNING")]
    assert warning.startswith("WARNING movies/broken.nfo cannot be read: ")


def test_what_was_known_of_a_file_stays_until_it_can_be_read_again(library: MediaLibrary) -> None:
    library.run("library-scan")
    library.file_of("herring-moon-1974").write_bytes(b"\xff")

    result = library.run("library-scan")

    assert (result["unreadable"], result["removed"]) == (1, 0)
    assert library.value("SELECT title FROM title WHERE key = 'herring-moon-1974'") == "Herring Moon"


@pytest.mark.parametrize("is_folder_gone", [True, False])
def test_a_disk_that_is_not_mounted_forgets_nothing(library: MediaLibrary, is_folder_gone: bool) -> None:
    library.run("library-scan")
    shutil.rmtree(library.root / "media")
    if not is_folder_gone:
        (library.root / "media").mkdir()

    with pytest.raises(Exception, match="holds no files: is a disk not mounted"):
        library.run("library-scan")

    assert library.value("SELECT count(*) FROM title") == 220


def test_a_media_folder_of_ones_own_is_left_as_it_is(library: MediaLibrary) -> None:
    library.write_title("one.nfo", "kind: series\ntitle: Pigeon Post\nyear: 2021\n")

    result = library.run("library-scan")

    assert result == {**NOTHING, "files": 1, "added": 1}


def test_titles_that_were_deleted_are_not_made_again(library: MediaLibrary) -> None:
    library.run("library-scan")
    shutil.rmtree(library.root / "media" / "series")

    assert library.run("library-scan")["removed"] == 60
    assert not (library.root / "media" / "series").exists()


def test_a_cancelled_scan_keeps_what_it_indexed(library: MediaLibrary) -> None:
    with pytest.raises(RunCancelled):
        library.run("library-scan", cancel_after=120)
    assert library.value("SELECT count(*) FROM title") == 100

    result = library.run("library-scan")

    assert result == {**NOTHING, "files": 220, "added": 120, "unchanged": 100}
