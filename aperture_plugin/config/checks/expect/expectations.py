"""Checks the expectations of a file, one after the other."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final, Literal, assert_never

from aperture_plugin.config.checks.expect.planned_starts import Budget, Planned, TooMany
from aperture_plugin.config.checks.expect.proof import Refuted, proved
from aperture_plugin.config.layers.entries import FileWords, place_of
from aperture_plugin.config.model import Config
from aperture_plugin.config.problems import Place, Problems
from aperture_plugin.config.schema.parsed_values import ParsedValue
from aperture_plugin.triggers.walltime import due_of, offset_at, utc_of, wall_at
from aperture_plugin.words.expectations import AtMost, Before, Expectation, Nothing, ReadyBy
from aperture_plugin.words.parse_error import quoted
from aperture_plugin.words.schedules import DAY
from aperture_plugin.words.tokens import words_of

__all__ = ["YEAR", "expect", "named_in"]

YEAR: Final = timedelta(days=366)
"""Span over which expectations are proved; it begins with tomorrow's midnight, so that it is whole days."""

MOST_EACH: Final = 150_000
"""Most starts that are looked at for one expectation: those of a job every five minutes, and more."""

MOST_IN_ALL: Final = 600_000


def expect(config: Config, words: FileWords, problems: Problems, *, now: datetime, readings: int = 1) -> None:
    """Report of each expectation that the coming year refutes, an error, or that it is too much to look at, a warning.

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
        if any(what == "job" and parsed.value in elsewhere for what, parsed in named_in(item)):
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


def named_in(item: ParsedValue) -> list[tuple[Literal["job", "queue"], ParsedValue]]:
    """Return the jobs that the expectation *item* names, with their places if those are known."""
    expectation: Expectation = item.value
    match expectation:
        case Before():
            return [("job", _word(item, 0)), ("job", _word(item, 2))]
        case ReadyBy():
            return [("job", _word(item, 0))]
        case AtMost(queue=queue):
            return [] if queue is None else [("queue", _word(item, 6))]
        case Nothing():
            return []
    assert_never(expectation)


def _word(parsed: ParsedValue, place: int) -> ParsedValue:
    word = words_of(parsed.text)[place]
    line, column, length = parsed.spot
    quotes = length - len(parsed.text)
    spot = parsed.spot if quotes not in (0, 2) else (line, column + quotes // 2 + word.start, len(word.text))
    return ParsedValue(word.text, spot, parsed.key, word.text)
