"""The line to paste for a moment that was written with a zone of its own: the same instant on the job's own clock.

The words of a schedule do not know the job's time zone, so their problem says only what is wrong. Here the zone is
known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Final
from zoneinfo import ZoneInfo

from aperture_plugin.config.layers.document import Document
from aperture_plugin.config.layers.zones import zone_of
from aperture_plugin.config.problems import Problem
from aperture_plugin.config.schema.parsed_values import FAULTY
from aperture_plugin.words.datetimes import moment_text, read_moment
from aperture_plugin.words.parse_error import Unreadable

__all__ = ["with_moments"]

_CODE: Final = "moment-with-zone"
_MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ \tTt]+[0-9][^Zz+\[\]]*?\s*$")
_ZERO_SECONDS: Final = re.compile(r"([0-9]:[0-9]{2}):00\b")
_OFFSET: Final = re.compile(r"([+-])([0-9]{2}):?([0-9]{2})?")


def with_moments(
    problems: Iterable[Problem], document: Document, *, file_zone: ZoneInfo, local_zone: ZoneInfo
) -> Iterator[Problem]:
    """Yield *problems*; one of a moment with a zone gets the line that names the same instant, where there is one.

    Args:
        file_zone: The zone of jobs that name none.
        local_zone: The server's own.
    """
    lines: list[str] | None = None
    for problem in problems:
        if problem.code != _CODE:
            yield problem
            continue
        lines = document.text.split("\n") if lines is None else lines
        zone = _zone_of(problem.job, document, file_zone, local_zone)
        line = _same_instant(lines[problem.place.line - 1], problem, zone)
        yield problem if line is None else replace(problem, hint=f"{problem.hint}\nWrite:  {line}")


def _zone_of(job: str | None, document: Document, file_zone: ZoneInfo, local_zone: ZoneInfo) -> ZoneInfo:
    words = document.words
    layers = [words.schedules, *(preset.jobs for preset in (words.presets or {}).values())]
    entries = [layer[job] for layer in layers if job is not None and job in layer]
    for entry in (*entries, *([] if words.defaults is None else [words.defaults])):
        named = entry.words.get("timezone")
        if named is not None and named.value is not FAULTY:
            return zone_of(named.value, local_zone)
    return file_zone


def _same_instant(line: str, problem: Problem, zone: ZoneInfo) -> str | None:
    start = problem.place.column - 1
    end = start + problem.place.length
    written = _MOMENT.search(line, 0, start)
    offset = _offset_of(line[start:end].strip())
    if written is None or offset is None:
        return None
    try:
        instant = read_moment(_ZERO_SECONDS.sub(r"\1", written[0].strip())).replace(tzinfo=timezone(offset))
        wall = instant.astimezone(zone)
    except (Unreadable, OverflowError, ValueError):
        return None
    # A time that the clocks repeat would mean its first occurrence, and seconds are not written.
    if wall.fold or _instant_of(wall, zone) != instant:
        return None
    return (line[: written.start()] + moment_text(wall.replace(tzinfo=None)) + line[end:]).strip()


def _instant_of(wall: datetime, zone: ZoneInfo) -> datetime:
    return wall.replace(tzinfo=zone, second=0).astimezone(UTC)


def _offset_of(text: str) -> timedelta | None:
    if text.upper() in {"Z", "UTC", "GMT"}:
        return timedelta(0)
    found = _OFFSET.fullmatch(text)
    if found is None:
        return None
    size = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    if size >= timedelta(days=1):
        return None
    return -size if found[1] == "-" else size
