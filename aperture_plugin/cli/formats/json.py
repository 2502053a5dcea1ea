"""For programs: the stable shape of the contract (DESIGN.md, section 5)."""

from __future__ import annotations

from aperture_plugin.app.checking import Checked
from aperture_plugin.cli.output import show_json

__all__ = ["show"]


def show(checked: Checked) -> None:
    """Print *checked* to stdout."""
    show_json(checked.json())
