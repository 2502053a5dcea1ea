"""All lints, asked one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from aperture_plugin.config.entries import FileWords
from aperture_plugin.config.lint.clocks import clock_changes
from aperture_plugin.config.lint.dates import cron_both_days, cron_restarts, short_month
from aperture_plugin.config.lint.hours import heavy_by_day, timeout_over_interval
from aperture_plugin.config.lint.looking import Looked
from aperture_plugin.config.lint.needing import needs_disabled, needs_later
from aperture_plugin.config.lint.spending import limit_exceeded
from aperture_plugin.config.lint.together import due_together
from aperture_plugin.config.lint.unused import unused_limit, unused_presets, unused_queue
from aperture_plugin.config.model import Config
from aperture_plugin.config.problems import Problems

__all__ = ["lint"]

_LINTS: Final[tuple[Callable[[Looked], None], ...]] = (
    clock_changes,
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
)


def lint(
    config: Config, words: FileWords, problems: Problems, *, now: datetime, declared: Mapping[str, Mapping[str, int]]
) -> None:
    """Warn of what is valid and yet probably not meant.

    Args:
        config, words: A valid file: what it comes to, and what it says.
        problems: Takes the warnings.
        now: Aware; the clock changes of the two years from here are looked at.
        declared: By job, the calls of each limit that its plugin says a run spends.
    """
    file = Looked(config=config, words=words, problems=problems, now=now, declared=declared)
    for look in _LINTS:
        look(file)
