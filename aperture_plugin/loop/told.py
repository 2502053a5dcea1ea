"""Who hears what happens, as the loop needs them."""

from __future__ import annotations

from typing import Protocol

from aperture_plugin.config.model import Config
from aperture_plugin.config.problems import Problem
from aperture_plugin.rules.jobs import Job
from aperture_plugin.rules.runs import Run

__all__ = ["Told"]


class Told(Protocol):
    """The plugins, and whoever waits for a run, as the loop tells and asks them. None of these raises."""

    def run_ended(self, run: Run) -> None:
        """A run ended, and no attempt follows; called in the loop's thread."""
        ...

    def read_anew(self, in_hand: set[str]) -> None:
        """The store was read anew, and these runs are in hand; others have ended, perhaps by another process."""
        ...

    @property
    def hears_runs(self) -> bool:
        """Whether there is anybody to tell of runs that changed."""
        ...

    def run_changed(self, run: Run) -> None:
        """A run changed its state."""
        ...

    def config_loaded(self, config: Config, previous: Config | None) -> None:
        """A file is in force."""
        ...

    def config_rejected(self, problems: list[Problem]) -> None:
        """A saved file was refused."""
        ...

    def ready(self, job: Job) -> list[str]:
        """Return what holds the job back."""
        ...
