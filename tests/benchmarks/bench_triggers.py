"""How long triggers take, beside cronsim, croniter, APScheduler and schedule, in one run.

No part of the test suite (its name keeps pytest away). Needs the extra that holds the peers:

    pip install -e '.[bench]'
    python tests/benchmarks/bench_triggers.py

Each figure is the best of many short rounds, ours and the peers' in turn, in processor time. Absolute figures
drift between machines and with what else runs on them, so read the ratios. What to reach: next-after in at
most 15 µs, a twentieth of what schedule takes to recompute with a pytz zone; 10,000 mixed schedules over 7
days listed in order in at most 4 s.

What is compared: ours is asked at instants all over a day, another each time. Of schedule it is what it does
whenever a job has run, `Job._schedule_next_run()` of a job with `at(…, "Europe/Riga")`: it reads the clock, so
it is asked at the present. APScheduler, cronsim and croniter are asked at one and the same instant.
"""

from __future__ import annotations

import gc
import random
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from itertools import cycle, islice, takewhile
from time import process_time
from timeit import repeat, timeit
from zoneinfo import ZoneInfo

import schedule
from apscheduler.triggers.cron import CronTrigger  # type: ignore[import-untyped]
from apscheduler.triggers.interval import IntervalTrigger  # type: ignore[import-untyped]
from croniter import croniter  # type: ignore[import-untyped]
from cronsim import CronSim

from aperture_plugin.triggers.merge import merged, upcoming_of
from aperture_plugin.triggers.trigger import Trigger, trigger_of
from aperture_plugin.words.schedules import Cron, Daily, Interval, Monthly, Once, Schedule, Weekday, Weekly

ZONE = ZoneInfo("Europe/Riga")
NOW = datetime(2026, 6, 10, 12, 0, 5, tzinfo=UTC)  # no clock changes for months
LOCAL = NOW.astimezone(ZONE)
WEEK = timedelta(days=7)


def microseconds(*works: Callable[[], object], number: int = 200, rounds: int = 60) -> list[float]:
    """Return what one call of each of *works* takes at best, all measured in turn."""
    best = [float("inf")] * len(works)
    for _ in range(rounds):
        for place, work in enumerate(works):
            best[place] = min(best[place], timeit(work, timer=process_time, number=number) / number * 1e6)
    return best


def seconds(work: Callable[[], object]) -> float:
    """Return what one call of *work*, too long to be repeated often, takes at best."""
    return min(repeat(work, setup=gc.collect, timer=process_time, number=1, repeat=3))


def show(name: str, ours: float, **peers: float) -> None:
    """Print one line: our figure, then each peer's as a multiple of it."""
    told = "".join(f"   {peer} {figure:9.1f} µs ({figure / ours:5.1f}x)" for peer, figure in peers.items())
    print(f"{name:32}{ours:8.2f} µs{told}")


def next_after() -> None:
    """One next-after of each kind of trigger, no change near; peers where they have the kind."""
    print("next-after, no clock change near: ours, and what peers take")
    every, riga = schedule.Scheduler().every, "Europe/Riga"
    kinds: list[tuple[str, Schedule, dict[str, Callable[[], object]]]] = [
        (
            "daily",
            Daily(times=(time(3, 30),)),
            {"schedule": by_schedule(every().day.at("03:30", riga)), "apscheduler": aps_cron(hour=3, minute=30)},
        ),
        (
            "weekly",
            Weekly(days=(Weekday.SUNDAY,), times=(time(4),)),
            {
                "schedule": by_schedule(every().sunday.at("04:00", riga)),
                "apscheduler": aps_cron(day_of_week="sun", hour=4),
            },
        ),
        ("monthly on day 31", Monthly(day=31, times=(time(4),)), {"apscheduler": aps_cron(day=31, hour=4)}),
        (
            "monthly on the last day",
            Monthly(day="last", times=(time(4),)),
            {"apscheduler": aps_cron(day="last", hour=4)},
        ),
        (
            "every 2 hours at :10",
            Interval(every=timedelta(hours=2), offset=timedelta(minutes=10)),
            {"schedule": by_schedule(every(2).hours.at(":10", riga)), "apscheduler": aps_interval(2)},
        ),
        ("every 5 hours (elapsed)", Interval(every=timedelta(hours=5)), {"apscheduler": aps_interval(5)}),
        ("every second", Interval(every=timedelta(seconds=1)), {}),
        ("once", Once(at=datetime.fromisoformat("2026-12-24 18:00")), {}),
        *((f"cron {told}", Cron(expression=told), by_cron(told)) for told in CRONS),
    ]
    for name, told, peers in kinds:
        ours, *figures = microseconds(asked_all_day(trigger_of(told, ZONE)), *peers.values())
        show(name, ours, **dict(zip(peers, figures, strict=True)))


def asked_all_day(trigger: Trigger) -> Callable[[], object]:
    """Return a call that asks *trigger* for the next slot after another instant each time."""
    instants = cycle([NOW + timedelta(seconds=293 * count) for count in range(295)])
    return lambda: trigger.next_after(next(instants))


CRONS = ("0 3 * * 1-5", "*/15 * * * *", "30 */2 * * *", "0 0 1 1 *", "*/5 3 29 2 *", "15 4 L * *")


def aps_cron(**fields: object) -> Callable[[], object]:
    trigger = CronTrigger(timezone=ZONE, **fields)
    return lambda: trigger.get_next_fire_time(None, LOCAL)


def aps_interval(hours: int) -> Callable[[], object]:
    trigger = IntervalTrigger(hours=hours, timezone=ZONE, start_date=datetime(2000, 1, 1, tzinfo=ZONE))
    return lambda: trigger.get_next_fire_time(None, LOCAL)


def by_schedule(job: schedule.Job) -> Callable[[], object]:
    recompute: Callable[[], object] = job.do(print)._schedule_next_run
    return recompute


def by_cron(expression: str) -> dict[str, Callable[[], object]]:
    peers: dict[str, Callable[[], object]] = {
        "cronsim": lambda: next(CronSim(expression, LOCAL)),
        "croniter": lambda: croniter(expression, LOCAL).get_next(datetime),
    }
    if "L" not in expression:
        trigger = CronTrigger.from_crontab(expression, timezone=ZONE)
        peers["apscheduler"] = lambda: trigger.get_next_fire_time(None, LOCAL)
    return peers


def near_changes() -> None:
    """The same on the night of a change, where more has to be looked at."""
    print("\nnext-after, on the night that clocks change")
    for night in (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), datetime(2026, 10, 25, 1, 20, tzinfo=UTC)):
        for name, told in (
            ("daily in the change", Daily(times=(time(3, 30),))),
            ("every hour", Interval(every=timedelta(hours=1))),
            ("cron 30 3 * * *", Cron(expression="30 3 * * *")),
            ("cron */15 * * * *", Cron(expression="*/15 * * * *")),
        ):
            trigger = trigger_of(told, ZONE)
            [ours] = microseconds(lambda trigger=trigger, night=night: trigger.next_after(night))  # type: ignore[misc]
            show(name, ours)


def spans() -> None:
    """What a slot costs in a week's span."""
    print("\nslots of 7 days, each slot: ours, and what peers take")
    for expression in ("*/15 * * * *", "0 3 * * *", "* * * * *"):
        trigger = trigger_of(Cron(expression=expression), ZONE)
        count = len(trigger.slots(NOW, NOW + WEEK))
        ours, cronsim = microseconds(
            lambda trigger=trigger: trigger.slots(NOW, NOW + WEEK),  # type: ignore[misc]
            lambda e=expression, n=count: list(islice(CronSim(e, LOCAL), n)),  # type: ignore[misc]
            number=1,
            rounds=7,
        )
        show(f"cron {expression}", ours / count, cronsim=cronsim / count)
    for every in (timedelta(seconds=1), timedelta(minutes=30), timedelta(minutes=7)):
        trigger = trigger_of(Interval(every=every), ZONE)
        count = len(trigger.slots(NOW, NOW + WEEK))
        [ours] = microseconds(lambda trigger=trigger: trigger.slots(NOW, NOW + WEEK), number=1, rounds=7)  # type: ignore[misc]
        show(f"every {every}", ours / count)


def mixed(count: int) -> list[Trigger]:
    """Return triggers of every kind, in several zones, the same in every run."""
    some = random.Random(1)
    zones = [ZoneInfo(name) for name in ("Europe/Riga", "UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Tokyo")]

    def moment() -> tuple[time, ...]:
        return (time(some.randrange(24), some.randrange(60)),)

    def one() -> Schedule:
        match some.randrange(6):
            case 0:
                return Daily(times=moment())
            case 1:
                return Weekly(days=(Weekday(some.randrange(7)),), times=moment())
            case 2:
                return Monthly(day=some.choice([1, 15, 31, "last"]), times=moment())
            case 3:
                return Interval(every=timedelta(minutes=some.choice([15, 30, 60, 120, 180, 240, 360, 480, 720])))
            case 4:
                return Interval(every=timedelta(minutes=some.choice([100, 700])), offset=timedelta(minutes=5))
            case _:
                hour, days = some.choice(["*", "*/2", str(some.randrange(24))]), some.choice(["*", "1-5"])
                return Cron(expression=f"{some.randrange(60)} {hour} * * {days}")

    return [trigger_of(one(), some.choice(zones)) for _ in range(count)]


def many() -> None:
    """10,000 mixed schedules: the first of them, and all of a week through a clock change."""
    print("\n10,000 mixed schedules")
    began = seconds(lambda: mixed(10_000))
    tracemalloc.start()
    triggers = mixed(10_000)
    weight = tracemalloc.get_traced_memory()[0] / 10_000
    tracemalloc.stop()
    since = datetime(2026, 3, 26, tzinfo=UTC)
    until = since + WEEK

    def first_ten() -> object:
        return list(islice(merged(upcoming_of(trigger, since) for trigger in triggers), 10))

    def week() -> int:
        found = merged(trigger.upcoming(since) for trigger in triggers)
        return sum(1 for _ in takewhile(lambda pair: pair[1].due < until, found))

    def kept() -> object:
        found = merged(trigger.upcoming(since) for trigger in triggers)
        return list(takewhile(lambda pair: pair[1].due < until, found))

    slots = week()
    took = seconds(week)
    print(f"making them                     {began * 1e3:8.1f} ms, {weight:.0f} bytes each")
    each = seconds(lambda: [trigger.next_after(since) for trigger in triggers])
    print(f"the next of each, one by one    {each * 1e3:8.1f} ms")
    print(f"the first 10 in order           {seconds(first_ten) * 1e3:8.1f} ms")
    print(f"7 days in order, read           {took:8.2f} s for {slots} slots, {took / slots * 1e6:.2f} µs each")
    print(f"7 days in order, kept in a list {seconds(kept):8.2f} s")


if __name__ == "__main__":
    next_after()
    near_changes()
    spans()
    many()
