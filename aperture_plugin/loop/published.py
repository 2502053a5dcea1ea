"""The facts that a loop publishes of itself on the store, for `status`, `doctor` and the next start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from aperture_plugin import __version__
from aperture_plugin.config.problem_report import problem_json
from aperture_plugin.loop.state import InForce, OwnWords

__all__ = ["details_of", "nobody_offers"]

_MOST_NAMES: Final = 5


def nobody_offers(jobs: Sequence[str], looked_in: str) -> str | None:
    """Return the sentence that nobody offers *jobs*; None where there are none, or plugins were not looked for.

    >>> nobody_offers(["scan"], "looked for in hooks")
    'nobody offers scan, whose runs will fail: no plugin was found (looked for in hooks)'
    """
    if not jobs or not looked_in:
        return None
    more = f" and {len(jobs) - _MOST_NAMES} more" if len(jobs) > _MOST_NAMES else ""
    found = f"no plugin was found ({looked_in})"
    return f"nobody offers {', '.join(jobs[:_MOST_NAMES])}{more}, whose runs will fail: {found}"


def details_of(
    in_force: InForce,
    *,
    draining: bool,
    noticed: tuple[datetime, str] | None,
    looked_in: str,
    words: OwnWords | None = None,
    unknown: Sequence[str] = (),
    skew: float | None = None,
) -> Mapping[str, Any]:
    """Return what `status` shows of the file and `doctor` of the clock.

    Args:
        draining: True once the loop claims nothing any more.
        words: The words that are published of a file.
        unknown: The jobs that this loop leaves to others.
        noticed: The last odd behavior of the clock, and when.
        skew: Seconds by which this machine's clock is ahead of the store's; None where that is not measured.
        looked_in: Where plugins were looked for, as a clause.
    """
    config, substitute, refused = in_force.config, in_force.substitute, in_force.rejected
    loaded_at = in_force.loaded_at
    rejected = None
    if refused is not None:
        problems = [problem_json(problem) for problem in refused.problems]
        rejected = {"at": refused.at.isoformat(), "problems": problems}
    text = None
    if in_force.number is not None and in_force.accepted_at is not None:
        text = {"number": in_force.number, "sha256": in_force.digest, "accepted_at": in_force.accepted_at.isoformat()}
    generation = None
    if substitute is not None:
        generation = {"number": substitute.generation, "accepted_at": substitute.accepted_at.isoformat()}
    return {
        "version": __version__,
        "file": config.file,
        "text": text,
        "words": words.digest if words is not None and words.config is config else None,
        "unknown_jobs": list(unknown),
        "loaded_at": None if loaded_at is None else loaded_at.isoformat(timespec="microseconds"),
        "preset": config.preset,
        "timezone": str(config.zone),
        "rejected": rejected,
        "generation": generation,
        "titles": {name: job.title for name, job in in_force.jobs.items() if job.title},
        "categories": {name: job.category for name, job in in_force.jobs.items() if job.category},
        "draining": draining,
        "plugins_changed": list(in_force.changed_plugins),
        "nobody_offers": nobody_offers(in_force.nobodys, looked_in),
        "skew": skew,
        "clock": None if noticed is None else {"at": noticed[0].isoformat(), "found": noticed[1]},
    }
