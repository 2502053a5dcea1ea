"""All warnings about a valid file: of the configuration in force, and of each tier that `preset: auto` may pick."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from aperture_plugin.config.checks.expect.expectations import expect
from aperture_plugin.config.checks.lint.calendar_lint import calendar_ended, no_slot_ahead
from aperture_plugin.config.checks.lint.clock_change_lint import clock_changes
from aperture_plugin.config.checks.lint.command_lint import unseen_in_command
from aperture_plugin.config.checks.lint.date_lint import cron_both_days, cron_restarts, short_month
from aperture_plugin.config.checks.lint.lint_context import LintContext
from aperture_plugin.config.checks.lint.load_lint import (
    due_together,
    heavy_by_day,
    limit_exceeded,
    timeout_over_interval,
)
from aperture_plugin.config.checks.lint.reference_lint import (
    needs_disabled,
    needs_later,
    unused_limit,
    unused_presets,
    unused_queue,
)
from aperture_plugin.config.layers.document import Document
from aperture_plugin.config.layers.entries import FileWords, place_of
from aperture_plugin.config.layers.incremental import ReadingCache
from aperture_plugin.config.layers.job_builder import JobReader
from aperture_plugin.config.model import Config
from aperture_plugin.config.problems import Problems

__all__ = ["inspect", "lint"]

_LINTS: Final[tuple[Callable[[LintContext], None], ...]] = (
    calendar_ended,
    clock_changes,
    no_slot_ahead,
    short_month,
    cron_both_days,
    cron_restarts,
    due_together,
    needs_later,
    needs_disabled,
    heavy_by_day,
    timeout_over_interval,
    limit_exceeded,
    unused_queue,
    unused_limit,
    unused_presets,
    unseen_in_command,
)
MOST_IN_TIERS: Final = 30_000
"""Jobs of tiers that are not in force, all together, beyond which the tiers that are left are not looked at."""


def lint(file: LintContext) -> None:
    """Warn of what is valid and probably not meant."""
    for look in _LINTS:
        look(file)


def inspect(
    config: Config, document: Document, reader: JobReader, *, now: datetime, declared: Mapping[str, Mapping[str, int]]
) -> None:
    """Lint a valid file, and prove what it expects.

    Where `preset: auto` picks, each of the tiers it may pick is looked at as if it were in force. A warning about
    what is in force is given as it is; one about another tier only, with the name of the first such tier.

    Args:
        config, document: A valid file: what it comes to, and what it says.
        reader: Has read it; takes the problems.
        now: Aware; what lies ahead is counted from here.
        declared: By job, the calls of each limit that its plugin says a run spends.
    """
    problems = reader.problems
    others = [preset.name for preset in config.presets.values() if preset.sized and preset.name != config.preset]
    if not config.preset_is_auto:
        others = []
    readings = 1 + len(others)
    _look(LintContext(config=config, document=document, problems=problems, now=now, declared=declared), readings)
    seen = set(problems) if others else set()
    for tier in _as_if_in_force(others, config, document, reader):
        found = Problems(problems.file)
        found.silence(problems.silenced)
        _look(LintContext(config=tier, document=document, problems=found, now=now, declared=declared), readings)
        fresh = [problem for problem in found if problem not in seen]
        seen.update(fresh)
        problems.extend(replace(one, message=f"with preset {tier.preset}, {one.message}") for one in fresh)


def _look(file: LintContext, readings: int) -> None:
    lint(file)
    if file.words.expect:
        expect(file.config, file.words, file.problems, now=file.now, readings=readings)


def _as_if_in_force(names: list[str], config: Config, document: Document, reader: JobReader) -> Iterator[Config]:
    """Yield what the file comes to with each of the presets *names* in force."""
    elsewhere = Problems(reader.problems.file)  # Their problems have been reported already.
    again = replace(reader, problems=elsewhere, cache=ReadingCache(before=reader.cache.after))
    looked_at = 0
    for place, name in enumerate(names):
        layers = document.layers(name)
        looked_at += len(layers)
        if looked_at > MOST_IN_TIERS:
            _warn_of_the_rest(names[place:], document.words, reader.problems)
            return
        jobs = {job: again.read(job, order, entries) for order, (job, entries) in enumerate(layers.items())}
        made = {job: made for job, made in jobs.items() if made is not None}
        yield replace(config, preset=name, jobs=MappingProxyType(made))


def _warn_of_the_rest(names: list[str], words: FileWords, problems: Problems) -> None:
    others = f"preset {names[0]} is" if len(names) == 1 else f"preset {names[0]} and {len(names) - 1} more are"
    problems.warn(
        "tiers-not-looked-at",
        at=place_of(words.settings["preset"].spot, 0),
        message=f"{others} valid, and not looked at further: there are too many jobs in all that auto may pick",
        hint=f"aperture check looks at {MOST_IN_TIERS:,} jobs; to have the rest looked at, name it for a moment\n"
        f"Write:  preset: {names[0]}",
    )
