"""The head of every page: the clock, the loops, the file in force, and a file that was refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from aperture_plugin.app.installation import Installation
from aperture_plugin.app.json_views import loop_json
from aperture_plugin.app.loop_files import file_of_loop, some_of
from aperture_plugin.app.status import Overview
from aperture_plugin.files.bounded_read import look_at
from aperture_plugin.rules.clock_skew import is_skewed, skew_text
from aperture_plugin.triggers.clock_changes import changes
from aperture_plugin.web.page_text import at, clock
from aperture_plugin.words.mask import masked_in_place
from aperture_plugin.words.numbers import counted
from aperture_plugin.words.time_display import away, offset_text
from aperture_plugin.words.times import time_text

__all__ = ["PageHead", "page_head"]

_MOST_PROBLEMS: Final = 10
_MOST_LINE: Final = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessLine:
    """A loop on the store: where it runs, since when, and which file it has.

    Attributes:
        wrong: What is not as it should be, in words; empty for nothing.
    """

    text: str
    wrong: str
    is_well: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PageHead:
    """The head of a page.

    Attributes:
        loop: State of the loop as (class, words).
        processes: The loops on the store, a line each.
        spread: Which of them have the newest file; None where all do.
        clocks: The clock change of the coming day; None for none.
        refused: The headline about a refused file, and its problems; None for none.
    """

    instant: str
    time: str
    day: str
    loop: tuple[str, str]
    processes: tuple[ProcessLine, ...]
    spread: str | None
    file: str
    since: str
    preset: str | None
    clocks: str | None
    refused: tuple[str, list[dict[str, Any]]] | None
    trouble: str | None


def page_head(installation: Installation, seen: Overview, *, trouble: str | None = None) -> PageHead:
    """Return the head of a page about *seen*.

    Args:
        trouble: The reason why the store cannot be read.
    """
    now, zone = seen.now, seen.zone
    local = now.astimezone(zone)
    return PageHead(
        instant=local.isoformat(timespec="seconds"),
        time=clock(now, zone),
        day=f"{local:%a} {local.day} {local:%b %Y} · {zone}, {offset_text(now, zone)}",
        loop=_loop(seen),
        processes=tuple(ProcessLine(text=text, is_well=not wrong, wrong=wrong) for text, wrong in _processes(seen)),
        spread=None if seen.spread.is_whole else seen.spread.text(zone, now=now),
        file=seen.file,
        since="" if seen.loaded_at is None else f", since {at(seen.loaded_at, zone, now=now)}",
        preset=seen.preset,
        clocks=_clocks(seen),
        refused=_refused(installation, seen),
        trouble=trouble,
    )


def _loop(seen: Overview) -> tuple[str, str]:
    if seen.is_blind:
        return "warn", "not known"
    if seen.loop is None:
        return "problem", "no loop is running, so nothing fires"
    if seen.is_late:
        return "problem", f"late: it last ticked {away(seen.loop.beat_at, now=seen.now)}"
    if seen.is_stopping:
        return "warn", "stopping: it starts nothing new"
    return "ok", "on time"


def _processes(seen: Overview) -> Iterator[tuple[str, str]]:
    """Yield what there is to say of each loop, and what is wrong with it."""
    now, zone = seen.now, seen.zone
    for loop in seen.loops:
        row, file = loop_json(loop, seen), file_of_loop(loop)
        text = (
            f"{loop.host}, pid {loop.pid}, since {at(loop.since, zone, now=now)}: ticked {away(loop.beat_at, now=now)}"
        )
        if row["version"]:
            text += f", version {row['version']}"
        if file.number is not None:
            since = "" if file.accepted_at is None else f", accepted {at(file.accepted_at, zone, now=now)}"
            text += f"; file number {file.number} ({(file.digest or '')[:8]}){since}"
        wrong = [] if row["newest"] else ["its file is not the newest"]
        if is_skewed(skew := row["skew_seconds"]):
            wrong.append(f"its clock is {skew_text(skew)}")
        if row["unknown_jobs"]:
            wrong.append(f"none of its plugins offers {some_of(row['unknown_jobs'])}")
        yield text, "; ".join(wrong)


def _clocks(seen: Overview) -> str | None:
    change = next(iter(changes(seen.zone, seen.now, seen.now + timedelta(days=1))), None)
    if change is None:
        return None
    before = (change.instant - timedelta(seconds=1)).astimezone(seen.zone)
    wall = (before.replace(tzinfo=None) + timedelta(seconds=1)).time()
    to = change.instant.astimezone(seen.zone).time()
    way = "back" if to < wall else "forward"
    return f"go {way} at {time_text(wall)} to {time_text(to)}"


def _refused(installation: Installation, seen: Overview) -> tuple[str, list[dict[str, Any]]] | None:
    if seen.rejected is None:
        return None
    errors = [one for one in seen.rejected.get("problems", ()) if one.get("severity") == "error"]
    goes_on = "The last good one stays in force." if seen.loop is not None else "Nothing is in force."
    if seen.loaded_at is not None:
        goes_on = f"The one of {at(seen.loaded_at, seen.zone, now=seen.now)} stays in force."
    headline = f"{seen.file} is refused for {counted(len(errors), 'error')}. {goes_on}"
    return headline, list(_with_lines(installation, errors[:_MOST_PROBLEMS]))


def _with_lines(installation: Installation, errors: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    content = look_at(installation.file)
    text = content.decode("utf-8", "replace") if isinstance(content, bytes) else ""
    lines = text.removeprefix("\ufeff").splitlines()
    for error in errors:
        number = int(error["line"])
        line = lines[number - 1][:_MOST_LINE] if 1 <= number <= len(lines) else ""
        yield {**error, "excerpt": masked_in_place(line), "hints": str(error["hint"]).split("\n")}
