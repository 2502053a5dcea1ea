"""The facts that a loop publishes of itself on the store, for `status`, `doctor` and the next start."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from aperture_plugin import __version__
from aperture_plugin.config.problem_report import problem_json
from aperture_plugin.loop.state import InForce

__all__ = ["details_of"]


def details_of(in_force: InForce, *, draining: bool, noticed: tuple[datetime, str] | None) -> Mapping[str, Any]:
    """Return what `status` shows of the file and `doctor` of the clock.

    Args:
        draining: True once the loop claims nothing any more.
        noticed: The last odd behavior of the clock, and when.
    """
    config, substitute, refused = in_force.config, in_force.substitute, in_force.rejected
    loaded_at = in_force.loaded_at
    rejected = None
    if refused is not None:
        problems = [problem_json(problem) for problem in refused.problems]
        rejected = {"at": refused.at.isoformat(), "problems": problems}
    text = None
    if in_force.number is not None and in_force.accepted_at is not None:
        digest = sha256(config.text.encode()).hexdigest()
        text = {"number": in_force.number, "sha256": digest, "accepted_at": in_force.accepted_at.isoformat()}
    generation = None
    if substitute is not None:
        generation = {"number": substitute.generation, "accepted_at": substitute.accepted_at.isoformat()}
    return {
        "version": __version__,
        "file": config.file,
        "text": text,
        "loaded_at": None if loaded_at is None else loaded_at.isoformat(timespec="microseconds"),
        "preset": config.preset,
        "timezone": str(config.zone),
        "rejected": rejected,
        "generation": generation,
        "titles": {name: job.title for name, job in in_force.jobs.items() if job.title},
        "categories": {name: job.category for name, job in in_force.jobs.items() if job.category},
        "draining": draining,
        "plugins_changed": list(in_force.changed_plugins),
        "clock": None if noticed is None else {"at": noticed[0].isoformat(), "found": noticed[1]},
    }
