"""Which loops have the newest file: the rows of `loops`, and the one sentence that `status` and `doctor` say."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from aperture_plugin import __version__
from aperture_plugin.app.loop_files import some_of
from aperture_plugin.testing import World

OLD = "schedules:\n  a: daily at 2 AM\n"
NEW = "schedules:\n  a: daily at 3 AM\n"


@pytest.fixture
def trio(tmp_path: Path) -> Iterator[tuple[World, World, World]]:
    """Three worlds with one clock, one store, and a file each."""
    state = f"sqlite:///{tmp_path / 'aperture.db'}"
    worlds = []
    for name in ("one", "two", "three"):
        (tmp_path / name).mkdir()
        worlds.append(World(tmp_path / name, state=state))
        worlds[-1].clock = worlds[0].clock
    yield worlds[0], worlds[1], worlds[2]
    for world in worlds:
        world.close()


def rows(*worlds: World) -> list[dict[str, Any]]:
    by_id = {row["id"]: row for row in worlds[0].aperture.status()["loops"]}
    return [by_id[world.loop.state.id] for world in worlds]


def test_each_loop_says_which_text_it_has_and_since_when(trio: tuple[World, World, World]) -> None:
    one, two, _ = trio
    one.write(OLD).start(at="2026-01-10 14:00")
    one.clock.advance("2 minutes")
    two.write(NEW).start()

    first, second = sorted(one.aperture.status()["loops"], key=lambda row: row["generation"])

    assert first | {"id": "", "since": "", "beat_at": ""} == {
        "id": "",
        "host": second["host"],
        "pid": second["pid"],
        "version": __version__,
        "since": "",
        "beat_at": "",
        "generation": 1,
        "file_hash": sha256(OLD.encode()).hexdigest(),
        "accepted_at": "2026-01-10T14:00:00+00:00",
        "newest": False,
        "skew_seconds": None,
        "unknown_jobs": [],
    }
    assert (second["generation"], second["newest"]) == (2, True)
    assert second["accepted_at"] == "2026-01-10T14:02:00+00:00"


def test_a_start_with_a_text_that_was_seen_keeps_its_place(trio: tuple[World, World, World]) -> None:
    one, two, three = trio
    one.write(OLD).start(at="2026-01-10 14:00")
    two.write(NEW).start()
    three.write(OLD).start()

    assert [row["generation"] for row in rows(one, two, three)] == [1, 2, 1]
    assert [row["newest"] for row in rows(one, two, three)] == [False, True, False]

    three.save(NEW)
    assert [row["newest"] for row in rows(one, two, three)] == [False, True, True]

    three.save(OLD)  # a save makes an old text the newest
    assert [row["generation"] for row in rows(one, two, three)] == [1, 2, 3]
    assert [row["newest"] for row in rows(one, two, three)] == [True, False, True]


def test_one_sentence_says_how_far_the_newest_file_has_got(trio: tuple[World, World, World]) -> None:
    one, two, three = trio
    one.write(OLD).start(at="2026-01-10 14:00")
    two.write(OLD).start()
    three.write(OLD).start()
    one.clock.advance("2 minutes")
    two.save(NEW)
    three.save(NEW)

    seen = one.aperture.overview()
    [behind] = seen.spread.behind

    assert seen.spread.text(seen.zone, now=seen.now) == (
        f"2 of 3 loops have the newest file, since 2:02 PM; not yet pid {behind.pid} on {behind.host}"
    )
    one.save(NEW)
    seen = one.aperture.overview()
    assert seen.spread.text(seen.zone, now=seen.now) == "3 of 3 loops have the newest file, since 2:02 PM"


def test_a_text_is_known_long_after_it_is_not_kept_any_more(trio: tuple[World, World, World]) -> None:
    one, two, _ = trio
    one.write(OLD).start(at="2026-01-10 14:00")
    for hour in range(1, 25):
        one.save(f"schedules:\n  a: daily at {hour - 1}:30\n")
    two.write(OLD).start()

    assert [row["generation"] for row in rows(one, two)] == [25, 1]
    assert len(one.generations()) == 20


def test_of_many_jobs_the_first_are_named() -> None:
    assert some_of(["a", "b"]) == "a, b"
    assert some_of(list("abcdefg")) == "a, b, c, d, e and 2 more"
