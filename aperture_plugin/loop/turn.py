"""What one tick writes, gathered first and written in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aperture_plugin.loop.chains import Chains
from aperture_plugin.loop.lines import Lines
from aperture_plugin.ports import Ledger, LogLine
from aperture_plugin.rules.runs import Run

__all__ = ["Turn"]

Key = tuple[str, int]


@dataclass(slots=True)
class Turn:
    """The changes of one tick: gathered in the lines and here, then written as whole batches.

    Attributes:
        ledger: The open transaction.
        now: The tick's instant.
        lines, chains: The mirrors, which every change goes through.
        settled: What to do once it is committed: answers to give, observers to tell, handlers to start.
    """

    ledger: Ledger
    now: datetime
    lines: Lines
    chains: Chains
    added: dict[Key, Run] = field(default_factory=dict)
    changed: dict[Key, Run] = field(default_factory=dict)
    logs: list[LogLine] = field(default_factory=list)
    starts: dict[Key, Run] = field(default_factory=dict)
    gives: dict[Key, Run] = field(default_factory=dict)
    told: list[Run] = field(default_factory=list)
    settled: list[Callable[[], Any]] = field(default_factory=list)

    def add(self, run: Run) -> None:
        """Make a new attempt."""
        self.added[run.key] = run
        if run.job in self.chains.named:
            self.chains.became(None, run)
        self.lines.put(run)
        self.told.append(run)

    def leave(self, run: Run) -> None:
        """Make a new attempt that another process will start."""
        self.added[run.key] = run
        if run.job in self.chains.named:
            self.chains.became(None, run)

    def change(self, run: Run, *, tell: bool = True) -> None:
        """Let an attempt be what it has become; *tell* the observers unless only its progress moved."""
        (self.added if run.key in self.added else self.changed)[run.key] = run
        if run.job in self.chains.named:
            self.chains.became(self.lines.get(run.key), run)
        self.lines.put(run)
        if tell:
            self.told.append(run)

    def start(self, run: Run) -> None:
        """Let an attempt begin: it is handed to its executor once that is written."""
        self.change(run)
        self.starts[run.key] = run

    def write_line(self, run: Run, level: str, text: str) -> None:
        """Add a line of the loop's own to the log of an attempt."""
        self.logs.append(LogLine(run_id=run.id, attempt=run.attempt, at=self.now, level=level, text=text))

    def give(self, run: Run) -> None:
        """Let a worker begin an attempt, once that is written, when a seat comes free."""
        self.change(run, tell=False)
        self.gives[run.key] = run

    def current(self, key: Key) -> Run | None:
        """Return an attempt as this turn leaves it, ended ones included."""
        return self.added.get(key) or self.changed.get(key) or self.lines.get(key)

    @property
    def is_bare(self) -> bool:
        """Whether it leaves every run, and its log, as it was."""
        return not (self.added or self.changed or self.logs)

    def write(self) -> None:
        """Write everything, one statement a kind."""
        if self.added:
            self.ledger.add(list(self.added.values()))
        if self.changed:
            self.ledger.update(list(self.changed.values()))
        if self.logs:
            self.ledger.log(self.logs)
        self.chains.write(self.ledger)
