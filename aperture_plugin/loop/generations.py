"""The text in force, kept on the store: `status` is told by it, and a start made, when the file is bad."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime

from aperture_plugin.loop.state import State
from aperture_plugin.ports import Ledger

__all__ = ["keep_generation"]

_log = logging.getLogger("aperture")


def keep_generation(state: State, ledger: Ledger, now: datetime) -> None:
    """Keep the text in force, and which preset `auto` picked, unless the schedule is not fired here."""
    config = state.config
    if state.only is not None:
        return
    ledger.keep_generation(file=config.file, text=config.text, at=now)
    pick = None if config.pick is None else replace(config.pick, extends=None)
    before = ledger.pick()
    if before != pick:
        ledger.keep_pick(pick)
    if before is not None and pick is not None and before.name != pick.name:
        _log.info("auto has picked %s in place of %s; aperture preset says why", pick.name, before.name)
