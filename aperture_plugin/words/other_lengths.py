"""Lengths of time in another program's notation, or in words of one's own: `PT1H30M`, `1:30:00`, `2 wk`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from aperture_plugin.words.informal_schedules import informal_length
from aperture_plugin.words.schedules import LONGEST_INTERVAL

__all__ = ["iso_length", "length_elsewhere"]

_ISO: Final = re.compile(
    r"(?:R\d*/)?P(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?",
    re.IGNORECASE,
)


def iso_length(text: str) -> timedelta | None:
    """Return the length that *text* is in ISO 8601, such as `PT1H30M`; None where it is none."""
    found = _ISO.fullmatch(text)
    if found is None or not any(found.groups()):
        return None
    try:
        return timedelta(**{unit: int(number or 0) for unit, number in found.groupdict().items()})
    except (OverflowError, ValueError):  # More days than a timedelta has, or more digits than a number is read from.
        return None


def length_elsewhere(text: str) -> timedelta | None:
    """Return the length of time that *text* means, as `PT1H30M`, `1:30:00` and `2 wk` do; None where it means none."""
    iso = iso_length(text.strip())
    if iso is not None and timedelta(0) < iso <= LONGEST_INTERVAL:
        return iso
    return informal_length(text)
