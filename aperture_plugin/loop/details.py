"""What a loop's record on the store tells of it, for whoever reads the store: `status`, `doctor`, the next start."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aperture_plugin.config.report import problem_json
from aperture_plugin.loop.state import State

__all__ = ["details_of"]


def details_of(
    state: State, *, loaded_at: datetime | None, draining: bool, noticed: tuple[datetime, str] | None
) -> Mapping[str, Any]:
    """Return what `status` shows of the file and `doctor` of the clock.

    Args:
        loaded_at: When the file in force came into force.
        draining: Whether the loop claims nothing any more.
        noticed: When the clock did something odd, and what.
    """
    config, substitute = state.config, state.substitute
    rejected = None
    if state.rejected_at is not None:
        problems = [problem_json(problem) for problem in state.rejected]
        rejected = {"at": state.rejected_at.isoformat(), "problems": problems}
    generation = None
    if substitute is not None:
        generation = {"number": substitute.generation, "accepted_at": substitute.accepted_at.isoformat()}
    return {
        "file": config.file,
        "loaded_at": None if loaded_at is None else loaded_at.isoformat(timespec="microseconds"),
        "preset": config.preset,
        "timezone": str(config.zone),
        "rejected": rejected,
        "generation": generation,
        "titles": {name: job.title for name, job in state.jobs.items() if job.title},
        "draining": draining,
        "clock": None if noticed is None else {"at": noticed[0].isoformat(), "found": noticed[1]},
    }
