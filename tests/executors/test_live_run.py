"""What a handler holds: progress, log, parameters, limits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aperture_plugin.config.model import Param
from aperture_plugin.executors.live_run import WorkerRun, no_limits
from aperture_plugin.executors.log_quota import Quota, storable
from aperture_plugin.ports import Event, Logged, Progressed, RunCancelled, Spender
from aperture_plugin.rules.params import WrongParam, params_of

from .conftest import a_run


class TestClock:
    """A clock that stands still until it is moved."""

    __test__ = False

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime(2026, 1, 10, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def fake() -> TestClock:
    return TestClock()


Told = list[Event]
Make = Callable[..., WorkerRun]


@pytest.fixture
def told() -> Told:
    return []


@pytest.fixture
def make(told: Told, fake: TestClock) -> Make:
    def make(*, spend: Spender | None = None, params: dict[str, object] | None = None, **words: Param) -> WorkerRun:
        return WorkerRun(a_run(), params_of(params or {}, words), told.append, clock=fake, spend=spend or no_limits)

    return make


def counted(told: Told) -> list[tuple[int, int | None]]:
    return [(event.done, event.total) for event in told if isinstance(event, Progressed)]


def test_the_first_and_the_last_item_are_told_and_between_them_five_a_second(
    make: Make, told: Told, fake: TestClock
) -> None:
    for _ in make().track(range(100)):
        fake.seconds += 0.0625  # A sixteenth, which adds up exactly.

    assert counted(told) == [(0, 100), *((n, 100) for n in range(4, 101, 4)), (100, 100)]


def test_the_total_of_a_generator_is_known_when_it_has_ended(make: Make, told: Told) -> None:
    assert list(make().track(iter("abc"))) == ["a", "b", "c"]

    assert counted(told) == [(0, None), (3, 3)]


def test_a_total_that_is_given_is_believed(make: Make, told: Told) -> None:
    list(make().track(iter("abc"), total=5))

    assert counted(told) == [(0, 5), (3, 5)]


def test_a_loop_left_halfway_tells_how_far_it_came(make: Make, told: Told) -> None:
    for item in make().track("abc"):
        if item == "c":
            break

    assert counted(told) == [(0, 3), (2, 3)]


def test_a_loop_within_a_loop_counts_nothing_but_shows_that_the_run_lives(
    make: Make, told: Told, fake: TestClock
) -> None:
    run = make()

    for _ in run.track("ab"):
        for _ in run.track(range(1000)):
            fake.seconds += 0.1

    assert set(counted(told)) == {(0, 2), (1, 2), (2, 2)}
    assert len(counted(told)) > 500


def test_a_second_loop_counts_anew(make: Make, told: Told) -> None:
    run = make()

    list(run.track("ab"))
    list(run.track("abc"))

    assert counted(told) == [(0, 2), (2, 2), (0, 3), (3, 3)]


def test_progress_by_hand_is_told_and_is_a_place_to_stop(make: Make, told: Told, fake: TestClock) -> None:
    run = make()
    for done in range(11):
        run.progress(done, 10)
    run.cancel("enough")

    with pytest.raises(RunCancelled, match="enough"):
        run.progress(11, 10)
    assert counted(told) == [(0, 10), (10, 10)]


def test_every_item_is_a_place_to_stop_in_loops_within_loops_too(make: Make) -> None:
    run = make()
    seen = []

    def handler() -> None:
        for _ in run.track("ab"):
            for inner in run.track("cde"):
                seen.append(inner)
                if inner == "d":
                    run.cancel("enough")

    with pytest.raises(RunCancelled):
        handler()
    assert seen == ["c", "d"]
    assert run.noticed


def test_looking_at_cancelled_is_noticing_and_asking_why_is_not(make: Make) -> None:
    run = make()
    assert not run.cancelled
    run.cancel("enough")

    assert (run.cancel_reason, run.noticed) == ("enough", False)
    assert run.cancelled
    assert run.noticed


def test_what_is_to_be_done_on_a_cancel_is_done_once_and_at_once_when_late(make: Make, told: Told) -> None:
    run = make()
    done: list[str] = []
    run.on_cancel(lambda: done.append("early"))
    run.on_cancel(lambda: done.remove("nobody"))
    run.on_cancel(lambda: done.append("after one that raised"))

    run.cancel("enough")
    run.cancel("again")
    run.on_cancel(lambda: done.append("late"))

    assert done == ["early", "after one that raised", "late"]
    assert run.cancel_reason == "enough"
    assert [event.line.level for event in told if isinstance(event, Logged)] == ["ERROR"]


def test_a_log_line_has_its_level_time_and_traceback(make: Make, told: Told, fake: TestClock) -> None:
    run = make()
    fake.seconds = 3

    try:
        raise ValueError("no such folder")  # noqa: TRY301 - there has to be something to log
    except ValueError:
        run.log.exception("scanning %s failed", "/srv")

    [event] = told
    assert isinstance(event, Logged)
    assert (event.line.level, event.line.at) == ("ERROR", fake.now())
    lines = event.line.text.splitlines()
    assert (lines[0], lines[1], lines[-1]) == (
        "scanning /srv failed",
        "Traceback (most recent call last):",
        "ValueError: no such folder",
    )


def test_a_line_that_cannot_be_put_together_still_says_what_it_has(make: Make, told: Told) -> None:
    make().log.info("%s and %s", "one")

    [event] = told
    assert isinstance(event, Logged)
    assert event.line.text == (
        "%s and %s ('one',) (this line cannot be formatted: not enough arguments for format string)"
    )


def test_a_handler_may_raise_the_level_and_attach_a_handler_of_its_own(make: Make, told: Told) -> None:
    import logging

    class Kept(logging.Handler):
        kept: list[str] = []  # noqa: RUF012 - one test, one list

        def emit(self, record: logging.LogRecord) -> None:
            self.kept.append(record.getMessage())

    log = make().log
    log.addHandler(Kept())
    log.setLevel(logging.WARNING)

    log.info("low")
    log.warning("high")

    assert Kept.kept == ["high"]
    assert len(told) == 1


def test_spending_asks_whoever_keeps_the_limits_and_stops_when_cancelled_meanwhile(make: Make) -> None:
    spent: list[tuple[str, int]] = []

    def spend(key: tuple[str, int], limit: str, calls: int, cancelled: threading.Event) -> None:
        spent.append((limit, calls))
        if limit == "slow":
            run.cancel("enough")
            assert cancelled.is_set()

    run = make(spend=spend)

    run.spend("tmdb")
    with pytest.raises(RunCancelled):
        run.spend("slow", 3)
    with pytest.raises(RunCancelled):
        run.spend("tmdb")
    assert spent == [("tmdb", 1), ("slow", 3)]


def test_a_limit_that_nobody_declared_is_a_key_error(make: Make) -> None:
    with pytest.raises(KeyError, match='there is no limit "tmdb"'):
        make().spend("tmdb")


def test_parameters_are_the_plugins_under_the_files(make: Make) -> None:
    run = make(
        params={"keep": 7, "rate": 0.5, "deep": False, "folder": "backups", "kinds": ["film"]},
        keep="14",
        rate="2",
        deep="Yes",
        kinds=("film", "series"),
        note="nightly",
    )

    assert run.params == {
        "keep": 14,
        "rate": 2.0,
        "deep": True,
        "folder": "backups",
        "kinds": ["film", "series"],
        "note": "nightly",
    }


@pytest.mark.parametrize(
    ("default", "word", "told"),
    [
        (7, "many", 'params: keep: "many" is not a whole number'),
        (7, "7.5", 'params: keep: "7.5" is not a whole number'),
        (0.5, "half", 'params: keep: "half" is not a number'),
        (True, "maybe", 'params: keep: "maybe" is neither yes nor no'),
    ],
)
def test_a_word_that_is_not_of_its_defaults_type_is_refused(default: object, word: str, told: str) -> None:
    with pytest.raises(WrongParam) as refused:
        params_of({"keep": default}, {"keep": word})

    assert str(refused.value) == told


def test_a_handler_that_changes_its_parameters_changes_nobody_elses() -> None:
    defaults = {"kinds": ["film"]}

    params_of(defaults, {})["kinds"].append("series")

    assert defaults == {"kinds": ["film"]}


@given(st.text(st.characters(exclude_categories=())))
def test_whatever_is_logged_can_be_stored(text: str) -> None:
    kept = storable(text)

    assert "\0" not in kept
    assert kept.encode("utf-8").decode("utf-8") == kept
    if "\0" not in text and text.isprintable():
        assert kept == text


@given(st.lists(st.text(max_size=12)))
def test_a_log_stays_within_its_quota_and_says_once_that_it_is_used_up(texts: list[str]) -> None:
    quota = Quota(line=8, characters=40, lines=10)

    kept = [one for one in map(quota.take, texts) if one is not None]

    assert sum(text.startswith("(more than 40 characters") for text in kept) <= 1
    assert len(kept) <= 11
    assert quota.is_spent == any(text.startswith("(more than 40") for text in kept)
