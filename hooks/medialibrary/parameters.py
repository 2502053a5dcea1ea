"""The parameters of the jobs: their defaults, their bounds, and where the library lies.

A job reads its parameters with these, and so does the lint rule of `library.py`: a wrong value is found
by `aperture check`, not at one in the morning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

__all__ = ["FOLDER", "FolderParameter", "Parameter", "Unfit", "Whole"]

_BESIDE: Final = Path(__file__).parents[2]
"""The folder that holds hooks/, and schedules.yaml beside it."""


class Unfit(ValueError):
    """A parameter whose value the job cannot use; trying again will not help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A whole number between two bounds, both allowed."""

    name: str
    default: int
    least: int = 1
    most: int = 10_000

    def read(self, params: Mapping[str, Any]) -> int:
        """Return the value in *params*, where a file may have written it as text.

        Raises:
            Unfit: It is not a whole number, or out of bounds.

        >>> Whole(name="keep", default=7).read({"keep": "14"})
        14
        """
        value = params.get(self.name, self.default)
        text = str(value).strip()
        if not (text.isascii() and text.isdigit() and self.least <= int(text) <= self.most):
            raise Unfit(f'{self.name}: expected a whole number from {self.least} to {self.most}, found "{value}"')
        return int(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderParameter:
    """A folder; a relative one is beside schedules.yaml."""

    name: str
    default: str

    def read(self, params: Mapping[str, Any]) -> Path:
        """Return the folder in *params*, absolute; it need not exist.

        Raises:
            Unfit: It is empty.
        """
        text = str(params.get(self.name, self.default)).strip()
        if not text:
            raise Unfit(f"{self.name}: expected the path of a folder, found nothing")
        return _BESIDE / Path(text).expanduser()


Parameter = Whole | FolderParameter

FOLDER: Final = FolderParameter(name="folder", default="media-library")
"""The folder of the library; a parameter of every job."""
