"""Thousands of random histories of the engine: crashes, outages, hangs, slow jobs, clock steps, saves, several hosts.

The loop, its leases, its budgets and the store are the real ones; the time is not. Each of the ten promises of
DESIGN.md, section 4, is looked at with everything that is written. Whatever breaks one says its number, and how to
live through it again:

    pytest tests/loop/test_simulation.py --seed 1234
    pytest tests/loop/test_simulation.py --histories 100000
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aperture_plugin.ports import Clock, Store, StoreUnavailable
from aperture_plugin.store.connect import open_store
from aperture_plugin.store.memory import MemoryStore
from aperture_plugin.store.memory_ledger import Tables
from tests.loop.simulation.lives import Life
from tests.loop.simulation.promises import Broken
from tests.loop.simulation.stores import Crash, Fault

BLOCK = 50
ON_SQLITE = 40
LONG = 300
SIMPLE = (3, 7, 11)
"""Lives whose every step is cut off once."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of each block of histories."""
    seed, number = metafunc.config.getoption("seed"), metafunc.config.getoption("histories")
    served = ("served", number // 40, BLOCK)
    for name, many, size in (("memory", number, BLOCK), served, ("sqlite", ON_SQLITE, 5), ("long", LONG, 25)):
        if f"{name}_seeds" in metafunc.fixturenames:
            blocks = [range(begin, min(begin + size, many)) for begin in range(0, many, size)]
            chosen = blocks if seed is None else [range(seed, seed + 1)]
            ids = [f"{block.start}-{block.stop - 1}" for block in chosen]
            metafunc.parametrize(f"{name}_seeds", chosen, ids=ids)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Let the engine say what it says to nobody: a history has hundreds of warnings."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def in_memory() -> Callable[[], Store]:
    tables = Tables()
    return lambda: MemoryStore(tables)


class Server:
    """A store in memory with a clock of its own, which every handle on it reads."""

    def __init__(self) -> None:
        self.tables = Tables()
        self.clock: Clock | None = None

    def serve(self, clock: Clock) -> None:
        self.clock = clock

    def open(self) -> Store:
        return MemoryStore(self.tables, clock=self.clock)


def on_disk(folder: Path) -> Callable[[], Store]:
    folder.mkdir()
    return lambda: open_store("sqlite:///aperture.db", directory=folder)


def live_through(
    seed: int, opening: Callable[[], Store], *, long: bool = False, serve: Callable[[Clock], object] | None = None
) -> Life:
    life = Life(seed, opening, long=long, serve=serve)
    try:
        life.live()
    except Exception as error:
        again = f"live through it again: pytest tests/loop/test_simulation.py --seed {seed}"
        raise Broken(f"history {seed}: {error}\n{again}") from error
    return life


def test_whatever_happens_the_promises_hold(memory_seeds: range) -> None:
    lives = [live_through(seed, in_memory()) for seed in memory_seeds]

    assert len(memory_seeds) == 1 or sum(life.promises.starts.total() for life in lives) > len(lives)


def test_whatever_happens_with_clocks_that_differ_the_promises_hold(served_seeds: range) -> None:
    for seed in served_seeds:
        server = Server()
        live_through(seed, server.open, serve=server.serve)


def test_an_end_that_is_dealt_with_alone_frees_no_seat_that_a_worker_has_handed_off() -> None:
    """A line that cannot be stored made the tick isolate its messages; three runs began in a queue of two."""
    server = Server()

    life = live_through(1330, server.open, serve=server.serve)

    assert life.promises.starts.total() > 0


def test_whatever_happens_the_promises_hold_on_a_disk(sqlite_seeds: range, tmp_path: Path) -> None:
    lives = [live_through(seed, on_disk(tmp_path / str(seed))) for seed in sqlite_seeds]

    assert len(lives) == len(sqlite_seeds)


@pytest.mark.long
def test_whatever_happens_for_long_the_promises_hold(long_seeds: range) -> None:
    lives = [live_through(seed, in_memory(), long=True) for seed in long_seeds]

    assert len(lives) == len(long_seeds)


@pytest.mark.parametrize("error", [Crash, Fault, StoreUnavailable])
@pytest.mark.parametrize("seed", SIMPLE)
def test_a_process_may_be_cut_off_at_every_single_step(seed: int, error: type[BaseException]) -> None:
    steps = Life(seed, in_memory()).live_simply()

    for step in range(1, steps + 1):
        Life(seed, in_memory()).live_simply((step, error))

    assert steps > 30


def test_the_dictionaries_and_the_disk_tell_the_same_history(tmp_path: Path) -> None:
    for seed in range(3):
        one, other = live_through(seed, in_memory()), live_through(seed, on_disk(tmp_path / str(seed)))

        assert one.diary == other.diary
        assert one.promises.runs == other.promises.runs
