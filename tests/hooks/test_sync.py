"""user-sync and watch-history: what comes over from the media server."""

from __future__ import annotations

import pytest

from aperture_plugin.ports import RunCancelled

from .conftest import MediaLibrary


@pytest.fixture(autouse=True)
def _no_media(library: MediaLibrary) -> None:
    """Keep the media folder from being filled: nothing here looks into it."""
    (library.root / "media").mkdir(parents=True)


def test_the_first_user_sync_adds_everybody(library: MediaLibrary) -> None:
    result = library.run("user-sync")

    assert result == {"added": 8, "updated": 0, "unchanged": 0, "removed": 0, "refused": 0}
    assert library.value("SELECT name FROM user WHERE user = 'mira'") == "Mira Sandvold"
    assert (library.last.done, library.last.total) == (8, 8)


def test_a_second_user_sync_changes_nothing(library: MediaLibrary) -> None:
    library.run("user-sync")
    before = library.rows("SELECT * FROM user")

    result = library.run("user-sync")

    assert result == {"added": 0, "updated": 0, "unchanged": 8, "removed": 0, "refused": 0}
    assert library.rows("SELECT * FROM user") == before


def test_user_sync_finds_who_is_new_who_changed_and_who_left(library: MediaLibrary) -> None:
    library.run("user-sync")
    users = library.root / "server" / "users.csv"
    text = users.read_text(encoding="utf-8").replace("Mira Sandvold", "Mira Sandvold-Ekwall")
    kept = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("guest,"))
    users.write_text(kept + "otto,Otto Farouz,2026-01-02\n", encoding="utf-8")

    result = library.run("user-sync")

    assert result == {"added": 1, "updated": 1, "unchanged": 6, "removed": 1, "refused": 0}
    assert library.value("SELECT name FROM user WHERE user = 'mira'") == "Mira Sandvold-Ekwall"
    assert library.last.lines == [
        "INFO updated mira (Mira Sandvold-Ekwall)",
        "INFO added otto (Otto Farouz)",
        "INFO removed guest",
    ]


@pytest.mark.parametrize("user", ["../mira", "Mira", "", "a b", "x" * 33])
def test_an_id_that_could_not_be_part_of_a_file_name_is_refused(library: MediaLibrary, user: str) -> None:
    library.run("user-sync")
    library.append("users.csv", f"{user},Somebody,2026-01-01")

    assert library.run("user-sync") == {"added": 0, "updated": 0, "unchanged": 8, "removed": 0, "refused": 1}


def test_an_export_that_names_nobody_removes_nobody(library: MediaLibrary) -> None:
    library.run("user-sync")
    (library.root / "server" / "users.csv").write_text("user,name,joined\n", encoding="utf-8")

    with pytest.raises(Exception, match=r"users\.csv names nobody: is the export broken"):
        library.run("user-sync")

    assert library.value("SELECT count(*) FROM user") == 8


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"user,joined\nmira,2024-03-02\n", r"users\.csv has no column name"),
        (b"", r"users\.csv has no column user, name, joined"),
        (b"user,name,joined\n\xff\xfe", r"users\.csv cannot be read: "),
    ],
)
def test_an_export_that_is_no_table_is_told_of(library: MediaLibrary, content: bytes, message: str) -> None:
    library.run("user-sync")
    (library.root / "server" / "users.csv").write_bytes(content)

    with pytest.raises(Exception, match=message):
        library.run("user-sync")

    assert library.value("SELECT count(*) FROM user") == 8


def test_an_export_that_is_gone_is_told_of_and_not_made_again(library: MediaLibrary) -> None:
    library.run("user-sync")
    (library.root / "server" / "users.csv").unlink()

    with pytest.raises(Exception, match=r"users\.csv is not there: put it back"):
        library.run("user-sync")


def test_a_spreadsheet_may_have_saved_the_export(library: MediaLibrary) -> None:
    library.run("user-sync")
    users = library.root / "server" / "users.csv"
    users.write_bytes(b"\xef\xbb\xbf" + users.read_bytes().replace(b"\n", b"\r\n"))

    assert library.run("user-sync")["unchanged"] == 8


def test_the_first_watch_history_imports_all_of_it(library: MediaLibrary) -> None:
    result = library.run("watch-history")

    assert result == {"imported": 307, "refused": 0, "last_event": 307}
    assert library.value("SELECT count(*) FROM watch") == 307
    assert (library.last.done, library.last.total) == (307, 307)


def test_watch_history_imports_only_what_is_new(library: MediaLibrary) -> None:
    library.run("watch-history")
    library.append("history.csv", "309,mira,herring-moon-1974,2026-01-03T21:00:00+02:00,100")
    library.append("history.csv", "308,noor,stroke-seat-1995,2026-01-03T18:00:00Z,64")

    result = library.run("watch-history")

    assert result == {"imported": 2, "refused": 0, "last_event": 309}
    assert library.rows("SELECT event, user, watched_at FROM watch WHERE event > 307 ORDER BY event") == [
        (308, "noor", "2026-01-03T18:00:00Z"),
        (309, "mira", "2026-01-03T19:00:00Z"),
    ]
    assert library.run("watch-history") == {"imported": 0, "refused": 0, "last_event": 309}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("soon,mira,herring-moon-1974,2026-01-03T21:00:00Z,100", "invalid literal for int"),
        ("400,mira,herring-moon-1974,2026-01-03T21:00:00Z,101", "101 percent of a title cannot be watched"),
        ("400,,herring-moon-1974,2026-01-03T21:00:00Z,100", "it does not say who watched what"),
        ("400,mira,herring-moon-1974,2026-01-03T21:00:00,100", "does not say its offset from UTC"),
        ("400,mira", "invalid literal for int"),
    ],
)
def test_a_line_that_is_no_event_is_refused_and_the_others_are_imported(
    library: MediaLibrary, line: str, message: str
) -> None:
    library.run("user-sync")
    library.append("history.csv", line)

    result = library.run("watch-history")

    assert result == {"imported": 307, "refused": 1, "last_event": 307}
    assert library.last.lines[0].startswith("WARNING line 309 of history.csv is refused: ")
    assert message in library.last.lines[0]


def test_a_cancelled_import_goes_on_where_it_stopped(library: MediaLibrary) -> None:
    with pytest.raises(RunCancelled):
        library.run("watch-history", cancel_after=150)
    assert library.value("SELECT count(*) FROM watch") == 200

    result = library.run("watch-history")

    assert result["imported"] == 107
    assert library.value("SELECT count(*) FROM watch") == 307
