"""What the last reading of a file leaves behind, so that the next one need only read what has changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple
from zoneinfo import ZoneInfo

from aperture_plugin.config.entries import Entry
from aperture_plugin.config.model import JobConfig
from aperture_plugin.config.walking import Finding, Said

__all__ = ["PieceRead", "Remembered"]


class PieceRead(NamedTuple):
    """What a piece of text says of jobs: usually of one.

    Attributes:
        entries: The jobs in it, as they stand in *layer* when the piece begins at *line* of the file.
        values: How many values there are in it, about.
        lost: The name of a job that is there and could not be read, not even its name for certain.
    """

    entries: tuple[Entry, ...]
    findings: tuple[Finding, ...]
    lost: str | None
    layer: str
    line: int
    values: int


@dataclass(slots=True)
class Remembered:
    """Values of one reading that hold for the next one.

    Attributes:
        pieces: What was read of the jobs, by the depth they stand at, and by their text.
        defaults: What `defaults` says, with the text it was read from.
        jobs: The jobs that were made without a problem and without the environment, by the identity of the words
            of their layers. Those words are kept alive by `pieces` and `defaults`.
        zones: The file's zone and the local one that *jobs* were made for.
        acyclic: Links between jobs that were found to hold no circle, by their kind.
    """

    pieces: dict[int, dict[str, PieceRead]] = field(default_factory=dict)
    defaults: tuple[str, dict[str, Said]] | None = None
    jobs: dict[tuple[int, ...], JobConfig] = field(default_factory=dict)
    zones: tuple[ZoneInfo, ZoneInfo] | None = None
    acyclic: dict[str, list[dict[str, tuple[str, ...]]]] = field(default_factory=dict)
