"""For programs: the stable shape of the contract (DESIGN.md, section 5); a list where files or a folder were named."""

from __future__ import annotations

from collections.abc import Sequence

from aperture_plugin.app.check import Checked
from aperture_plugin.cli.output import show_json

__all__ = ["show"]


def show(checked: Sequence[Checked], *, several: bool) -> None:
    """Print *checked* to stdout."""
    all_of_them = [one.json() for one in checked]
    show_json(all_of_them if several else all_of_them[0])
