"""The text in force, kept on the store: `status` reads it, and a start may use it, when the file on disk is bad."""

from __future__ import annotations

import logging
from dataclasses import replace

from aperture_plugin.loop.tick import Tick

__all__ = ["keep_generation"]


def keep_generation(tick: Tick) -> None:
    """Keep the text in force, and which preset `auto` picked, unless the schedule is not fired here."""
    config, ledger = tick.in_force.config, tick.ledger
    if tick.state.only is not None:
        return
    ledger.keep_generation(file=config.file, text=config.text, at=tick.now)
    pick = None if config.pick is None else replace(config.pick, extends=None)
    before = ledger.pick()
    if before != pick:
        ledger.keep_pick(pick)
    if before is not None and pick is not None and before.name != pick.name:
        tick.log(logging.INFO, f"auto has picked {pick.name} in place of {before.name}; aperture preset says why")
