"""All expectations of a file, held against it one after the other."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final

from aperture_plugin.config.entries import FileWords, place_of
from aperture_plugin.config.expect.naming import named_in
from aperture_plugin.config.expect.planned import Budget, Planned, TooMany
from aperture_plugin.config.expect.proving import proved
from aperture_plugin.config.expect.refuted import Refuted
from aperture_plugin.config.model import Config
from aperture_plugin.config.problems import Place, Problems
from aperture_plugin.triggers.walltime import due_of, offset_at, utc_of, wall_at
from aperture_plugin.words.expectations import Expectation
from aperture_plugin.words.schedules import DAY
from aperture_plugin.words.unreadable import quoted

__all__ = ["YEAR", "expect"]

YEAR: Final = timedelta(days=366)
"""How far ahead expectations are held to; it begins with tomorrow's midnight, so that it is whole days."""

MOST_EACH: Final = 150_000
"""So many starts are looked at for one expectation: those of a job every five minutes, and more."""

MOST_IN_ALL: Final = 600_000


def expect(config: Config, words: FileWords, problems: Problems, *, now: datetime, readings: int = 1) -> None:
    """Tell of each expectation that the coming year refutes, an error, or that it is too much to look at, a warning.

    Args:
        config, words: A valid file: what it comes to, and what it says.
        now: Aware; the year begins with the midnight after it.
        readings: In how many ways the file is read: with so many presets in force, one after the other. They share
            how much is looked at.
    """
    left = MOST_IN_ALL // readings
    since = _midnight_after(now, config)
    elsewhere = set().union(*(preset.jobs for preset in (words.presets or {}).values())) - config.jobs.keys()
    for place, item in enumerate(words.expect):
        if any(what == "job" and said.value in elsewhere for what, said in named_in(item)):
            continue  # it is about a preset that is not in force
        budget = Budget(min(MOST_EACH, left))
        expectation: Expectation = item.value
        planned = Planned(config=config, since=since, until=since + YEAR, lasting=expectation.lasting, budget=budget)
        at = place_of(item.spot, 0)
        try:
            budget.spend()
            refuted = proved(expectation, planned)
        except TooMany as end:
            more = len(words.expect) - place - 1 if budget.spent == left else 0
            _not_proved(item.text, more, at, end, config, problems)
            if more:
                return
        else:
            if refuted is not None:
                _failed(item.text, at, refuted, problems)
        left -= budget.spent


def _failed(text: str, at: Place, refuted: Refuted, problems: Problems) -> None:
    when = "fails" if refuted.on is None else f"fails on {refuted.on.isoformat()}"
    problems.add("expectation-failed", at=at, message=f"{quoted(text)} {when}: {refuted.why}", hint=refuted.hint)


def _not_proved(text: str, more: int, at: Place, end: TooMany, config: Config, problems: Problems) -> None:
    until, and_more = "", f"and {more} more are" if more else "is"
    if end.reached is not None:
        reached = wall_at(end.reached, offset_at(end.reached, config.zone)).date()
        until = f"it holds until {reached.isoformat()}; "
    problems.warn(
        "expectation-not-proved",
        at=at,
        message=f"{quoted(text)} {and_more} not proved: there is too much to look at in the coming year",
        hint=f"{until}expect it of jobs that start less often, or of a queue with fewer of them",
    )


def _midnight_after(now: datetime, config: Config) -> datetime:
    instant = utc_of(now)
    today = wall_at(instant, offset_at(instant, config.zone)).date()
    return due_of(datetime.combine(today, time()) + DAY, config.zone)
