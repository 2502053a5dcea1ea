"""The text in force, kept on the store and numbered there.

`status` reads it, and a start may use it, when the file on disk is bad. The numbers say which of several loops has the
newest file (DESIGN.md, section 4, promise 11).
"""

from __future__ import annotations

import logging
from dataclasses import replace

from aperture_plugin.loop.tick import Tick

__all__ = ["keep_generation"]


def keep_generation(tick: Tick, *, saved: bool) -> bool:
    """Keep the text in force, and which preset `auto` picked.

    Args:
        saved: Whether a save brought it; else a start did, and a text that was accepted before is no news.
    Returns:
        Whether it is a new generation.
    """
    config, ledger = tick.in_force.config, tick.ledger
    number, at, is_new = ledger.keep_generation(file=config.file, text=config.text, at=tick.now, saved=saved)
    tick.in_force = replace(tick.in_force, number=number, accepted_at=at)
    pick = None if config.pick is None else replace(config.pick, extends=None)
    before = ledger.pick()
    if before != pick:
        ledger.keep_pick(pick)
    if before is not None and pick is not None and before.name != pick.name:
        tick.log(logging.INFO, f"auto has picked {pick.name} in place of {before.name}; aperture preset says why")
    return is_new
