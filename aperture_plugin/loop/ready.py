"""What becomes of a slot, foreseen."""

from __future__ import annotations

from dataclasses import dataclass

from aperture_plugin.config.model import JobConfig
from aperture_plugin.ports import Claim
from aperture_plugin.rules.firing import Due
from aperture_plugin.rules.runs import Run

__all__ = ["Ready"]


@dataclass(frozen=True, slots=True)
class Ready:
    """What becomes of a slot if nothing comes between: made before it is due.

    Attributes:
        job, due: What it was made of. It holds as long as these are the very ones.
    """

    job: JobConfig
    due: Due
    run: Run
    claim: Claim
