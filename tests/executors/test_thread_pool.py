"""Threads made when there is work, and kept for the next."""

from __future__ import annotations

import threading
from queue import SimpleQueue

import pytest

from aperture_plugin.executors.thread_pool import Pool, Task

from .conftest import PATIENCE


def calling(call: object) -> Task:
    def task(nearly_done: object) -> None:
        call()  # type: ignore[operator]

    return task


def test_a_thread_without_work_ends_of_old_age() -> None:
    pool, seen = Pool(idle_seconds=0.01), SimpleQueue[threading.Thread]()
    pool.submit("one", calling(lambda: seen.put(threading.current_thread())))
    thread = seen.get(timeout=PATIENCE)

    thread.join(PATIENCE)

    assert not thread.is_alive()
    assert len(pool) == 0


def test_work_given_at_the_moment_a_thread_leaves_is_done() -> None:
    pool, seen = Pool(idle_seconds=0), SimpleQueue[int]()

    for number in range(2000):
        pool.submit("one", calling(lambda number=number: seen.put(number)))

    assert sorted(seen.get(timeout=PATIENCE) for _ in range(2000)) == list(range(2000))
    assert pool.stop(PATIENCE)


def test_who_is_nearly_done_takes_the_work_that_comes_of_it() -> None:
    pool, idents = Pool(), SimpleQueue[int]()

    def first(nearly_done: object) -> None:
        nearly_done()  # type: ignore[operator]
        pool.submit("second", calling(lambda: idents.put(threading.get_ident())))
        idents.put(threading.get_ident())

    pool.submit("first", first)

    assert idents.get(timeout=PATIENCE) == idents.get(timeout=PATIENCE)
    assert len(pool) == 1
    pool.stop(PATIENCE)


def test_a_pool_may_be_stopped_from_one_of_its_own_threads() -> None:
    pool, ended = Pool(), SimpleQueue[bool]()
    pool.submit("stops", calling(lambda: ended.put(pool.stop(PATIENCE))))

    assert ended.get(timeout=PATIENCE)
    with pytest.raises(RuntimeError, match="this executor was stopped and takes no more work"):
        pool.submit("late", calling(print))


def test_a_system_that_gives_no_more_threads_is_told_and_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_more(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    pool = Pool()
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", no_more)
        with pytest.raises(RuntimeError, match="can't start new thread"):
            pool.submit("one", calling(print))

    assert len(pool) == 0
    done = threading.Event()
    pool.submit("two", calling(done.set))
    assert done.wait(PATIENCE)
    pool.stop(PATIENCE)


def test_threads_that_work_is_expected_for_are_there_when_it_comes() -> None:
    pool, seen = Pool(), SimpleQueue[threading.Thread]()
    pool.expect(3)
    pool.expect(2)
    before = len(pool)

    for _ in range(3):
        pool.submit("one", calling(lambda: seen.put(threading.current_thread())))

    assert (before, len(pool)) == (3, 3)
    assert all(seen.get(timeout=PATIENCE).daemon for _ in range(3))
    assert pool.stop(PATIENCE)


def test_a_pool_that_was_stopped_expects_nothing() -> None:
    pool = Pool()
    pool.stop(PATIENCE)

    pool.expect(3)

    assert len(pool) == 0
