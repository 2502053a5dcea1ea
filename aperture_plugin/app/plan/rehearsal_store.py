"""The store of a rehearsal: a store in memory that also notes what each run waits for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from aperture_plugin.ports import Clock, Notice
from aperture_plugin.rules.runs import WAITING, AttemptKey, Run
from aperture_plugin.store.memory import MemoryStore
from aperture_plugin.store.memory_ledger import Latest, MemoryLedger, Tables

__all__ = ["RehearsalStore", "Spell"]

Spell = tuple[datetime, str]
"""The time from which a run waited, and the reason."""


class RehearsalStore(MemoryStore):
    """The store of one rehearsal, open from the beginning.

    Args:
        clock: Tells when something was written.

    Attributes:
        spells: By attempt, its waits, one after the other.
    """

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.spells: defaultdict[AttemptKey, list[Spell]] = defaultdict(list)
        self._clock = clock
        self.open()

    @property
    def runs(self) -> dict[AttemptKey, Run]:
        """Every attempt as it stands, in the order in which they were made."""
        return self.tables.runs

    def last_run(self, job: str) -> Run | None:
        """Return the job's latest attempt that ran and ended."""
        latest = self.tables.latest.get(job)
        return None if latest is None or latest.ran is None else self.runs.get(latest.ran)

    def set_watermarks(self, marks: Mapping[str, datetime]) -> None:
        """Take the slots of each job up to *marks* for claimed."""
        latest = self.tables.latest
        latest.update((job, replace(latest.get(job) or Latest(), claimed=due)) for job, due in marks.items())

    def _ledger(self, *, foreign: bool) -> MemoryLedger:
        return _RehearsalLedger(self.tables, self.spells, self._clock, foreign=foreign)


class _RehearsalLedger(MemoryLedger):
    """A transaction of a rehearsal. Nothing is sent and nothing deleted, and no foreseen failure pauses a job."""

    def __init__(
        self, tables: Tables, spells: Mapping[AttemptKey, list[Spell]], clock: Clock, *, foreign: bool
    ) -> None:
        super().__init__(tables, foreign=foreign)
        self._spells = spells
        self._clock = clock

    def failures_in_a_row(self, job: str, *, but: str, most: int) -> int:  # noqa: ARG002  # none counts
        """Return 0."""
        return 0

    def post(self, notices: Sequence[Notice]) -> None:
        """Send nobody a message of what is only foreseen."""

    def known_jobs(self, after: str, most: int) -> list[str]:  # noqa: ARG002  # none has a past to delete
        """Return no job."""
        return []

    def _keep(self, run: Run) -> None:
        super()._keep(run)
        if run.status in WAITING and run.reason is not None:
            spells = self._spells[run.key]
            if not spells or spells[-1][1] != run.reason:
                spells.append((self._clock.now(), run.reason))
