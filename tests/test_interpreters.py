"""What some of the Pythons that we run on cannot do, and is not to be found here."""

from __future__ import annotations

import re
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "aperture_plugin"


def test_no_pattern_repeats_a_group_possessively() -> None:
    # Before Python 3.11.5 it takes more than it matches: https://github.com/python/cpython/issues/106052
    possessive = re.compile(r"\)[*+?]\+|\)\{[^}]*\}\+|\(\?>")

    found = [path.name for path in PACKAGE.rglob("*.py") if possessive.search(path.read_text(encoding="utf-8"))]

    assert found == []
