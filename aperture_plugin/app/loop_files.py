"""Finds which of the loops on a store have the newest file, for `status`, `doctor`, the page and a metric.

A file is as new as the moment a loop took it in by a save, or by a start with a text that the store had not seen
(DESIGN.md, section 4, promise 11). The store numbers the texts, so no clock has a part in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from aperture_plugin.words.time_display import dated

if TYPE_CHECKING:
    from aperture_plugin.ports import LoopRecord

__all__ = ["LoopFile", "Spread", "file_of_loop", "some_of", "spread_of"]

_MOST_NAMES: Final = 5


@dataclass(frozen=True, slots=True)
class LoopFile:
    """The file that one loop has in force; all fields are None for a program that does not tell of it.

    Attributes:
        number: Its generation.
        digest: SHA-256 of its text.
        accepted_at: When a loop first accepted it.
    """

    number: int | None = None
    digest: str | None = None
    accepted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Spread:
    """The spread of the newest file over the loops.

    Attributes:
        file: The newest file.
        newest: The ids of the loops that have it.
        behind: The other loops.
    """

    file: LoopFile
    newest: frozenset[str]
    behind: tuple[LoopRecord, ...]

    @property
    def is_whole(self) -> bool:
        """True if every loop has the newest file."""
        return not self.behind

    def text(self, zone: ZoneInfo, *, now: datetime) -> str:
        """Return it in one sentence, such as "2 of 3 loops have the newest file, since 2:02 PM"."""
        total = len(self.newest) + len(self.behind)
        have = "has" if total == 1 else "have"
        since = "" if self.file.accepted_at is None else f", since {dated(self.file.accepted_at, zone, now=now)}"
        names = ", ".join(f"pid {loop.pid} on {loop.host}" for loop in self.behind)
        left = f"; not yet {names}" if names else ""
        return f"{len(self.newest)} of {total} loops {have} the newest file{since}{left}"


def file_of_loop(loop: LoopRecord) -> LoopFile:
    """Return the file that *loop* has in force."""
    text = loop.details.get("text")
    if not text:
        return LoopFile()
    return LoopFile(text["number"], text["sha256"], datetime.fromisoformat(text["accepted_at"]))


def spread_of(loops: Sequence[LoopRecord]) -> Spread:
    """Return which of *loops*, the living ones, have the newest file.

    Loops with the same text have the same file, whatever number each of them found it by.
    """
    files = {loop.id: file_of_loop(loop) for loop in loops}
    newest = max(files.values(), key=lambda file: file.number or 0, default=LoopFile())
    having = frozenset(name for name, file in files.items() if file.digest == newest.digest)
    return Spread(newest, having, tuple(loop for loop in loops if loop.id not in having))


def some_of(jobs: Sequence[str]) -> str:
    """Return the names of *jobs*, the first few where there are many."""
    more = len(jobs) - _MOST_NAMES
    return ", ".join(jobs[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
