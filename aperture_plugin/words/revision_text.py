"""A job's schedule and the days without slots as text for the store, on one line.

The store keeps it for the time that it is in force, so that a slot of the past can be distinguished from a day without.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aperture_plugin.words.calendars import Days, days_text, read_days
from aperture_plugin.words.parse_error import read_part
from aperture_plugin.words.phrases import phrase_of, read_phrase
from aperture_plugin.words.schedules import Schedule

__all__ = ["read_revision", "revision_text"]

_EXCEPT: Final = " except on "


def revision_text(schedule: Schedule, closed: Sequence[Days]) -> str:
    """Return *schedule*, and the days *closed* on which it has no slots, as `read_revision` reads them.

    >>> revision_text(read_phrase("daily at 2 AM"), [read_days("every 05-01")])
    'Daily at 2:00 AM except on every 05-01'
    """
    return phrase_of(schedule) + (_EXCEPT + ", ".join(map(days_text, closed)) if closed else "")


def read_revision(text: str) -> tuple[Schedule, tuple[Days, ...]]:
    """Return the schedule and the days without slots that *text* says.

    Raises:
        Unreadable: A later version wrote it, and it says something that is not known here.
    """
    phrase, joint, days = text.partition(_EXCEPT)
    place = len(phrase) + len(joint)
    found: list[Days] = []
    for written in days.split(",") if joint else ():
        found.append(read_part(text, place, place + len(written), read_days))
        place += len(written) + 1
    return read_phrase(phrase), tuple(found)
