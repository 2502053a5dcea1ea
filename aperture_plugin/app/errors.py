"""Exceptions of `Aperture`, beside those for the problems of a file, a plugin or a store."""

from __future__ import annotations

from collections.abc import Iterable

from aperture_plugin.words.did_you_mean import did_you_mean
from aperture_plugin.words.errors import ApertureError

__all__ = ["NoSuchJob", "NotRunning"]


class NoSuchJob(ApertureError, KeyError):
    """There is no job of that name, neither in the file nor registered by a plugin."""

    def __init__(self, job: str, file: object, known: Iterable[str]) -> None:
        near = did_you_mean(job, dict.fromkeys(known))
        super().__init__(f"{job} is neither in {file} nor registered by a plugin{near}")

    def __str__(self) -> str:
        """Return the sentence itself; a KeyError would put it in quotes."""
        return str(self.args[0])


class NotRunning(ApertureError, RuntimeError):
    """The aperture does not run, or has run already, or runs in another process."""
