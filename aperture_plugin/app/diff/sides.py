"""The two sides of a comparison, read so that each says what its own text says.

Nobody's host, environment or store is asked: a variable stands for itself, so a value from the environment is the
same on both sides and never shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from aperture_plugin.config.model import Config, ReadContext, Reading
from aperture_plugin.config.reader import read

__all__ = ["Side", "absent", "side_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two files.

    Attributes:
        name: As reports name it, such as `schedules.yaml at HEAD~1`.
        reading: The result of reading it; None where there is no file on this side.
    """

    name: str
    reading: Reading | None

    @property
    def config(self) -> Config | None:
        """The configuration in a valid file."""
        return None if self.reading is None else self.reading.config


def absent(name: str) -> Side:
    """Return the side on which there is no file: before it was added, or after it was taken away."""
    return Side(name=name, reading=None)


def side_of(data: bytes, *, name: str, local_zone: ZoneInfo, now: datetime, preset: str | None = None) -> Side:
    """Read *data* as one side.

    Args:
        name: As reports name it.
        local_zone: The meaning of `timezone: local`.
        now: Aware; what `once` is held against.
        preset: A preset that is in force in place of the one that the file names, if the file has it.
    """

    def reading(instead: str | None) -> Reading:
        return read(
            data,
            ReadContext(
                file=name,
                environ=_Itself(),
                known_jobs=None,
                local_zone=local_zone,
                now=now,
                preset=instead,
            ),
        )

    found = reading(None)
    if preset is not None and found.config is not None and preset in found.config.presets:
        found = reading(preset)
    return Side(name=name, reading=found)


class _Itself(Mapping[str, str]):
    """An environment in which every variable is set, and holds its own mark."""

    def __getitem__(self, name: str) -> str:
        return f"${{{name}}}"

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0
