"""A proposal to change the file, as a patch, and the proof that it does what it says."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from difflib import unified_diff
from typing import Any

from aperture_plugin.app.plan.collisions import Collision, collisions_of
from aperture_plugin.app.plan.minute_edits import changed, words_of_jobs
from aperture_plugin.app.plan.plan import Plan
from aperture_plugin.app.plan.stagger import Move, staggered
from aperture_plugin.config.edit.reschedule_edit import only_schedules_differ
from aperture_plugin.config.model import Config
from aperture_plugin.words.phrases import phrase_of
from aperture_plugin.words.time_display import iso_text

__all__ = ["Proposal", "patch_of", "patch_text", "proposal_json", "proposed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A change that would take the collisions of a plan away.

    Attributes:
        plan: As things are.
        moves: In file order.
        text: The file with all of them in it.
        config: The configuration that the text stands for.
        left: The collisions that nobody could be moved out of.
    """

    plan: Plan
    moves: tuple[Move, ...]
    text: str
    config: Config
    left: tuple[Collision, ...]

    def replanned(self) -> Plan:
        """Return the plan of the file as it would be: the same rehearsal, once more."""
        return self.plan.again(self.config) if self.moves else self.plan


def proposed(plan: Plan, *, reread: Callable[[str], Config | None], movable: Collection[str] | None = None) -> Proposal:
    """Return what to change so that the jobs of *plan* do not collide.

    Args:
        reread: Reads a text as the file would be read; None where it is not valid.
        movable: Names of the only jobs that may be moved; None for all.
    """
    config = plan.config
    words = words_of_jobs(config)
    while True:
        moves = staggered(
            config, words, since=plan.since, until=plan.until, lasts=plan.durations.typical, movable=movable
        )
        text = changed(config.text, (change for move in moves for change in move.changes))
        found = reread(text) if moves else config
        misread = [move.job for move in moves if found is None or not _says(found, move)]
        if (
            found is not None
            and not misread
            and only_schedules_differ(config, found, {move.job: move.new for move in moves})
        ):
            break
        # If two jobs share their words, or the text is read otherwise than it was meant, the
        # file has the last word: those jobs stay as they are.
        for name in misread or [move.job for move in moves]:
            words.pop(name, None)
    return Proposal(
        plan=plan,
        moves=tuple(moves),
        text=text,
        config=found,
        left=tuple(collisions_of(found, since=plan.since, until=plan.until)),
    )


def patch_of(proposal: Proposal) -> str:
    """Return the proposal as a unified diff, which `patch -p0` and `git apply` take; empty where nothing is changed."""
    return patch_text(proposal.plan.config.file, proposal.plan.config.text, proposal.text)


def patch_text(file: str, before: str, after: str) -> str:
    """Return what makes *after* of *before*, both texts of *file*, as a unified diff."""
    old, new = _lines(before), _lines(after)
    name = f"{file}\t" if " " in file else file  # Without the tab, a name ends at its first space.
    lines = unified_diff(old, new, name, name)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def proposal_json(proposal: Proposal, after: Plan) -> dict[str, Any]:
    """Return the shape of `aperture plan --stagger --format json`.

    Args:
        after: The plan of the file as it would be.
    """
    second = timedelta(seconds=1)
    zone = proposal.config.zone
    return {
        "file": proposal.plan.config.file,
        "patch": patch_of(proposal),
        "moves": [{"job": move.job, "from": phrase_of(move.old), "to": phrase_of(move.new)} for move in proposal.moves],
        "collisions": {"before": len(proposal.plan.collisions), "after": len(proposal.left)},
        "wait": {"before": proposal.plan.waiting / second, "after": after.waiting / second},
        "left": [{"at": iso_text(one.at, zone), "queue": one.queue, "jobs": list(one.names)} for one in proposal.left],
    }


def _says(config: Config, move: Move) -> bool:
    job = config.jobs.get(move.job)
    return job is not None and job.schedule == move.new


def _lines(text: str) -> list[str]:
    """Return the lines as a patch counts them: only a line feed ends one."""
    lines = text.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
