"""What the doctor says of the store, the loop and the clock."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

import pytest

from aperture_plugin.app.doctor import host_steps
from aperture_plugin.store import sql_store
from aperture_plugin.store.tables import SCHEMA_VERSION
from aperture_plugin.testing import World
from tests.app.doctor.looking import alter, look, look_at, said

FILE = "timezone: Europe/Riga\nschedules:\n  scan: every hour\n"


@pytest.fixture(autouse=True)
def _in_its_folder(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(world.folder)


@pytest.fixture
def started(world: World) -> World:
    return world.write(FILE).start("2026-01-10 01:30")


# ── the store ──


def test_a_store_that_is_not_there_yet_is_no_problem_and_is_not_made(world: World) -> None:
    world.write(FILE)

    assert look_at(world, "store") == [
        (
            "note",
            "sqlite:///aperture.db is not there yet: nothing has run, and the first start makes it",
            "aperture start",
        )
    ]
    assert not (world.folder / "aperture.db").exists()


def test_a_store_that_is_well_is_told_with_its_size(started: World) -> None:
    [(verdict, words, _)] = look_at(started, "store")

    assert verdict == "ok"
    assert words.startswith("sqlite:///aperture.db can be read and written: ")
    assert f"0 attempts, schema {SCHEMA_VERSION}; " in words
    assert words.endswith(" left on its disk")


def test_of_a_long_history_it_says_over_how_many_attempts_it_is(
    started: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql_store, "ATTEMPTS_COUNTED", 2)

    started.advance("4 hours")

    [(_, words, _)] = look_at(started, "store")
    assert f", over 2 attempts, schema {SCHEMA_VERSION}; " in words


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("postgresql+psycopg://me:secret@127.0.0.1:1/x", "postgresql+psycopg://me:•••@127.0.0.1:1/x: "),
        ("sqlite:///schedules.yaml", "sqlite:///schedules.yaml: it is a file, but not a SQLite database"),
        ("mysql://me@host/x", '"mysql://me@host/x" is no store'),
    ],
)
def test_a_store_in_trouble_hides_only_what_it_alone_knows(world: World, state: str, told: str) -> None:
    world.write(FILE + "# " + "x" * 600 + "\n")

    found = look(world, "scan", state=state)

    [(verdict, words, _)] = said(found, "store")
    assert verdict == "problem"
    assert words.startswith(told)
    assert said(found, "loop") == [
        ("note", "the store cannot be read, so it is unknown if a loop runs, what waits and what has run", None)
    ]
    assert [str(finding.step) for finding in found] == ["file", "plugins", "store", "loop", "clock", "schedule"]


def test_a_store_that_everybody_can_read_is_told(started: World) -> None:
    (started.folder / "aperture.db").chmod(0o644)

    [(verdict, words, advice), _] = look_at(started, "store")

    assert (verdict, words) == (
        "note",
        "everybody on this machine can read sqlite:///aperture.db, and what runs print may hold secrets",
    )
    assert advice == f"chmod o= {started.folder / 'aperture.db'}*"


def test_a_store_that_can_be_read_and_not_written_is_a_problem(started: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from aperture_plugin.ports import StoreUnavailable

    def full(*_: object) -> None:
        raise StoreUnavailable("sqlite:///aperture.db: the disk is full")

    opened: list[object] = []
    monkeypatch.setattr(
        "aperture_plugin.store.sqlite.SqliteStore._begin",
        lambda store, connection: full() if opened else opened.append(None),
    )

    [(verdict, words, advice)] = said(look(started), "store")

    assert (verdict, words) == ("problem", "sqlite:///aperture.db: the disk is full")
    assert advice == f"ls -l {started.folder / 'aperture.db'}"


def test_a_disk_with_little_room_is_a_problem_before_it_is_full(
    started: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage(NamedTuple):
        free: int

    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(free=7_300_000))

    assert said(look(started), "store") == [
        (
            "problem",
            "only 7 MB are left on the disk of sqlite:///aperture.db; a store that is full stops every job",
            f"df -h {started.folder}",
        )
    ]


# ── the loop ──


def pid_of(world: World) -> str:
    with world.reading() as ledger:
        [loop] = ledger.loops()
    return f"pid {loop.pid} on {loop.host}"


def test_a_loop_that_ticks_is_well(started: World) -> None:
    assert look_at(started, "loop") == [
        ("ok", f"a loop runs since 3:30 AM ({pid_of(started)}) and is on time; it last ticked now", None)
    ]


def test_without_a_loop_nothing_fires(started: World) -> None:
    started.stop()

    assert look_at(started, "loop") == [("problem", "no loop is running, so nothing fires", "aperture start")]


def test_a_loop_that_died_is_told_with_when_it_last_ticked(started: World, monkeypatch: pytest.MonkeyPatch) -> None:
    who = pid_of(started)
    started.kill()
    started.clock.advance("2 hours")
    alter(started, "UPDATE loops SET boot = boot || '0'")

    assert look_at(started, "loop") == [
        (
            "problem",
            f"no loop is running, so nothing fires; the last one ({who}) died without a word, "
            "and last ticked 2 hours ago",
            "aperture start",
        )
    ]


def test_of_two_loops_the_dead_one_is_a_note(started: World) -> None:
    alter(
        started,
        "INSERT INTO loops SELECT 'dead', host, pid, boot || '0', serves, since, beat, beat_at, details FROM loops",
    )

    (well, _, _), (verdict, words, _) = look_at(started, "loop")

    assert (well, verdict) == ("ok", "note")
    assert words.endswith("died without a word; its runs are taken over within 10 seconds of its last beat")


def test_a_loop_that_hangs_is_late(started: World) -> None:
    started.clock.advance("20 seconds")

    [(verdict, words, advice)] = look_at(started, "loop")

    assert (verdict, words) == ("problem", f"the loop of {pid_of(started)} is late: it last ticked 20 seconds ago")
    assert advice is not None
    assert advice.startswith("ps -o pid,stat,etime,args -p ")


def test_a_late_loop_of_another_machine_is_looked_at_there(started: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_steps, "is_late", lambda *_, **__: True)
    alter(started, "UPDATE loops SET host = 'attic'")

    [(_, words, advice)] = look_at(started, "loop")

    assert "on attic is late" in words
    assert advice is not None
    assert advice.startswith("ssh attic ps -o ")


def test_a_beat_from_the_future_tells_of_clocks_that_differ(started: World) -> None:
    started.clock.step(timedelta(minutes=-5))

    assert look_at(started, "loop") == [
        (
            "problem",
            f"{pid_of(started)} seems to have ticked in 5 minutes: the clock was set back, "
            "or the clocks of two machines differ",
            "timedatectl status",
        )
    ]


def test_a_loop_that_is_stopping_starts_nothing_new(started: World) -> None:
    started.loop.drain()
    started.drain()

    assert look_at(started, "loop") == [
        (
            "note",
            f"the loop of {pid_of(started)} is stopping: it lets its runs finish, and starts nothing new",
            None,
        )
    ]


# ── the clock ──


def test_the_time_and_both_zones_are_told(started: World) -> None:
    assert look_at(started, "clock") == [
        ("ok", "it is 2026-01-10 3:30 AM (UTC+02:00) in Europe/Riga; the server's own zone is UTC", None)
    ]


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ("2026-03-28 12:00", "the clocks go forward in 13 hours (2026-03-29)"),
        ("2026-10-20 12:00", "the clocks go back in 4 days (2026-10-25)"),
    ],
)
def test_a_clock_change_within_two_weeks_is_told(world: World, at: str, told: str) -> None:
    world.write(FILE)
    world.clock.set(at)

    [(verdict, words, _)] = look_at(world, "clock")

    assert verdict == "ok"
    assert words.endswith(f"; {told}")


@pytest.mark.parametrize(
    ("move", "told"),
    [
        (lambda world: world.clock.step(timedelta(hours=-2)), "the clock was set back by 2 hours; no slot runs twice"),
        (
            lambda world: world.clock.step(timedelta(hours=2)),
            "the clock went forward by 2 hours without a tick; what was due then is caught up once",
        ),
        (
            lambda world: world.clock.advance("2 hours"),
            "this process was stopped for 1 hour 50 minutes; what was due then is caught up once",
        ),
    ],
)
def test_what_the_loop_noticed_of_the_clock_is_told(started: World, move: Callable[[World], object], told: str) -> None:
    move(started)
    started.drain()
    started.clock.advance("20 minutes")

    assert look_at(started, "clock")[1:] == [("note", f"{told} (noticed 20 minutes ago)", "timedatectl status")]


@pytest.mark.parametrize(
    ("skew", "said"), [(600.2, "10 min ahead of"), (-1.5, "1.5 s behind"), (0.9, None), (None, None)], ids=str
)
def test_a_clock_that_is_off_the_stores_is_a_note(started: World, skew: float | None, said: str | None) -> None:
    alter(started, f"UPDATE loops SET details = json_set(details, '$.skew', {'null' if skew is None else skew})")
    off = f"the clock of {pid_of(started)} is {said} the store's: slots are due by the store's all the same"
    rest = "but its jobs that look at their machine's clock see that one"

    found = look_at(started, "clock")[1:]

    assert found == ([] if said is None else [("note", f"{off}, {rest}", "timedatectl status")])


def test_a_zone_that_differs_between_the_loop_and_this_shell_is_told(world: World) -> None:
    world.write("schedules:\n  scan: every hour\n").start("2026-01-10 01:30")

    assert look_at(world, "clock", environ={"TZ": "America/New_York"})[1:] == [
        (
            "note",
            "the loop reads wall times in UTC, this shell in America/New_York: the variable TZ differs",
            "timezone: UTC",
        )
    ]
