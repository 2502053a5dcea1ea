"""What is valid and probably not meant: in what is in force, and in each tier that `preset: auto` may put in force."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from aperture_plugin.config.configuring import stacks_of
from aperture_plugin.config.entries import FileWords, place_of
from aperture_plugin.config.expect.expecting import expect
from aperture_plugin.config.jobs import JobReader
from aperture_plugin.config.lint.linting import lint
from aperture_plugin.config.memory import Remembered
from aperture_plugin.config.model import Config
from aperture_plugin.config.presets import chains_of
from aperture_plugin.config.problems import Problems

__all__ = ["inspect"]

MOST_IN_TIERS: Final = 30_000
"""Jobs of tiers that are not in force, all together, beyond which the tiers that are left are not looked at."""


def inspect(
    config: Config, words: FileWords, reader: JobReader, *, now: datetime, declared: Mapping[str, Mapping[str, int]]
) -> None:
    """Lint a valid file, and hold it to what it expects.

    Where `preset: auto` picks, each of the tiers it may pick is looked at as if it were in force. What is so in
    what is in force is told as it is; what is so in another tier only, with the name of the first such tier.

    Args:
        config, words: A valid file: what it comes to, and what it says.
        reader: Has read it; takes the problems.
        now: Aware; what lies ahead is counted from here.
        declared: By job, the calls of each limit that its plugin says a run spends.
    """
    problems = reader.problems
    others = [preset.name for preset in config.presets.values() if preset.sized and preset.name != config.preset]
    if not config.preset_is_auto:
        others = []
    readings = 1 + len(others)
    _look(config, words, problems, now, declared, readings)
    seen = set(problems) if others else set()
    for tier in _as_if_in_force(others, config, words, reader):
        found = Problems(problems.file)
        found.silence(problems.silenced)
        _look(tier, words, found, now, declared, readings)
        fresh = [problem for problem in found if problem not in seen]
        seen.update(fresh)
        problems.extend(replace(one, message=f"with preset {tier.preset}, {one.message}") for one in fresh)


def _look(
    config: Config,
    words: FileWords,
    problems: Problems,
    now: datetime,
    declared: Mapping[str, Mapping[str, int]],
    readings: int,
) -> None:
    lint(config, words, problems, now=now, declared=declared)
    if words.expect:
        expect(config, words, problems, now=now, readings=readings)


def _as_if_in_force(names: list[str], config: Config, words: FileWords, reader: JobReader) -> Iterator[Config]:
    """Yield what the file comes to with each of the presets *names* in force."""
    elsewhere = Problems(reader.problems.file)  # What is wrong with them has been told already.
    chains = chains_of(words.presets or {}, elsewhere)
    again = replace(reader, problems=elsewhere, before=reader.after, after=Remembered())
    looked_at = 0
    for place, name in enumerate(names):
        stacks = stacks_of(words, chains[name], words.schedules)
        looked_at += len(stacks)
        if looked_at > MOST_IN_TIERS:
            _tell_of_the_rest(names[place:], words, reader.problems)
            return
        jobs = {job: again.read(job, order, entries) for order, (job, entries) in enumerate(stacks.items())}
        made = {job: made for job, made in jobs.items() if made is not None}
        yield replace(config, preset=name, jobs=MappingProxyType(made))


def _tell_of_the_rest(names: list[str], words: FileWords, problems: Problems) -> None:
    others = f"preset {names[0]} is" if len(names) == 1 else f"preset {names[0]} and {len(names) - 1} more are"
    problems.warn(
        "tiers-not-looked-at",
        at=place_of(words.settings["preset"].spot, 0),
        message=f"{others} valid, and not looked at further: there are too many jobs in all that auto may pick",
        hint=f"aperture check looks at {MOST_IN_TIERS:,} jobs; to have the rest looked at, name it for a moment\n"
        f"Write:  preset: {names[0]}",
    )
