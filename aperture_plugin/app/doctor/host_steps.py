"""Does a loop run and tick on time, is the store well, and what do the clocks say?"""

from __future__ import annotations

import shlex
import shutil
import socket
import stat
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from aperture_plugin.app.doctor.evidence import Case
from aperture_plugin.app.doctor.finding_text import ago
from aperture_plugin.app.doctor.findings import Finding, note, ok, problem
from aperture_plugin.app.liveness import LATE_AFTER, SCHEDULE, is_late, ticking
from aperture_plugin.app.loop_files import some_of, spread_of
from aperture_plugin.clock.local_zone import local_zone
from aperture_plugin.ports import LoopRecord, StoreRefused, StoreUnavailable
from aperture_plugin.rules.clock_skew import is_skewed, skew_text
from aperture_plugin.triggers.clock_changes import changes
from aperture_plugin.words.numbers import counted
from aperture_plugin.words.time_display import wall_time, wall_time_and_offset

__all__ = ["clock_step", "loop_step", "store_step"]

_LITTLE_ROOM: Final = 100_000_000
"""Bytes; with less than this left on its disk a store soon cannot be written."""

_LISTED: Final = 10
"""Rows that cannot be read and are listed one by one."""

_NTP: Final = "timedatectl status"
"""Says whether the machine's clock is set by the network."""

_AHEAD: Final = timedelta(days=14)


def store_step(case: Case) -> Iterator[Finding]:
    """Report whether the store can be reached and written, how large it is, and of which version."""
    look = None if case.store_file is None else f"ls -l {shlex.quote(str(case.store_file))}"
    if case.trouble is not None:
        yield problem("store", case.trouble, advice=look)
        return
    facts = case.seen.facts
    if case.store is None or facts is None:
        found = f"{case.where} is not there yet: nothing has run, and the first start makes it"
        yield note("store", found, advice=case.line("start", on_file=True))
        return
    try:
        with case.store.transaction():
            pass  # It is entered only where it could be written.
    except (StoreUnavailable, StoreRefused) as trouble:
        yield problem("store", str(trouble), advice=look)
        return
    for row in case.seen.unreadable[:_LISTED]:
        yield problem("store", row.text, advice=case.line("doctor --mend"))
    if len(case.seen.unreadable) > _LISTED:
        found = f"{len(case.seen.unreadable) - _LISTED} more rows of the store cannot be read"
        yield problem("store", found, advice=case.line("doctor --mend"))
    size = "" if facts.size is None else f"{_bytes(facts.size)}, "
    attempts = ("over " if facts.has_more else "") + counted(facts.attempts, "attempt")
    found = f"{case.where} can be read and written: {size}{attempts}, schema {facts.schema}"
    if case.store_file is None:
        yield ok("store", found)
        return
    if case.store_file.exists() and stat.S_IMODE(case.store_file.stat().st_mode) & 0o007:
        found = f"everybody on this machine can read {case.where}, and what runs print may hold secrets"
        yield note("store", found, advice=f"chmod o= {shlex.quote(str(case.store_file))}*")
    left = shutil.disk_usage(case.store_file.parent).free
    if left < _LITTLE_ROOM:
        found = f"only {_bytes(left)} are left on the disk of {case.where}; a store that is full stops every job"
        advice = f"df -h {shlex.quote(str(case.store_file.parent))}"
        yield problem("store", found, advice=advice)
    else:
        yield ok("store", f"{found}; {_bytes(left)} left on its disk")


def loop_step(case: Case) -> Iterator[Finding]:
    """Report whether a loop runs and ticks on time, and which died."""
    if case.astray:
        named = " and ".join(map(str, case.astray))
        found = f"a loop runs (pid {named}), but its store was deleted or overwritten under it: it starts nothing"
        yield problem("loop", found, advice="put the store back; or stop the loop, and start it anew on a new store")
        return
    if case.trouble is not None:
        found = "the store cannot be read, so it is unknown if a loop runs, what waits and what has run"
        yield note("loop", found)
        return
    alive = ticking(case.seen.loops, now=case.now)
    dead = [loop for loop in case.seen.loops if loop.serves == SCHEDULE and loop not in alive]
    if not alive:
        last = max(dead, key=lambda loop: loop.beat_at, default=None)
        died = ""
        if last is not None:
            died = (
                f"; the last one ({_who(last)}) died without a word, and last ticked {ago(last.beat_at, now=case.now)}"
            )
        found = f"no loop is running, so nothing fires{died}"
        yield problem("loop", found, advice=case.line("start", on_file=True))
        return
    for loop in alive:
        yield _alive(case, loop)
    yield from _files(case, alive)
    for loop in dead:
        found = f"{_who(loop)} died without a word; its runs are taken over within 10 seconds of its last beat"
        yield note("loop", found)


def clock_step(case: Case) -> Iterator[Finding]:
    """Report the time and the zone, the next clock change, and whether the loop has noticed a step of the clock."""
    zone, server = case.zone, local_zone(case.source.environ)
    found = f"it is {wall_time_and_offset(case.now, zone)} in {zone}"
    if server != zone:
        found += f"; the server's own zone is {server}"
    coming = next(iter(changes(zone, case.now, case.now + _AHEAD)), None)
    if coming is not None:
        way = "forward" if coming.kind == "gap" else "back"
        found += f"; the clocks go {way} {ago(coming.instant, now=case.now)} ({coming.wall_since:%Y-%m-%d})"
    yield ok("clock", found)
    for loop in ticking(case.seen.loops, now=case.now):
        zone_name, noticed = loop.details.get("timezone"), loop.details.get("clock")
        if is_skewed(skew := loop.details.get("skew")):
            found = f"the clock of {_who(loop)} is {skew_text(skew)}: slots are due by the store's all the same"
            yield note("clock", f"{found}, but its jobs that look at their machine's clock see that one", advice=_NTP)
        if zone_name is not None and zone_name != str(zone):
            found = f"the loop reads wall times in {zone_name}, this shell in {zone}: the variable TZ differs"
            yield note("clock", found, advice=f"timezone: {zone_name}")
        if noticed is not None:
            at = datetime.fromisoformat(noticed["at"])
            found = f"{noticed['found']} (noticed {ago(at, now=case.now)})"
            yield note("clock", found, advice=_NTP)


def _alive(case: Case, loop: LoopRecord) -> Finding:
    beat = ago(loop.beat_at, now=case.now)
    if is_late(loop, now=case.now):
        found = f"the loop of {_who(loop)} is late: it last ticked {beat}"
        advice = f"ps -o pid,stat,etime,args -p {loop.pid}"
        if loop.host != socket.gethostname():
            advice = f"ssh {loop.host} {advice}"
        return problem("loop", found, advice=advice)
    if loop.beat_at - case.now > LATE_AFTER:
        why = "the clock was set back, or the clocks of two machines differ"
        found = f"{_who(loop)} seems to have ticked {beat}: {why}"
        return problem("loop", found, advice=_NTP)
    if loop.details.get("draining"):
        found = f"the loop of {_who(loop)} is stopping: it lets its runs finish, and starts nothing new"
        return note("loop", found)
    since = wall_time(loop.since, case.zone, now=case.now)
    found = f"a loop runs since {since} ({_who(loop)}) and is on time; it last ticked {beat}"
    return ok("loop", found)


def _files(case: Case, alive: Sequence[LoopRecord]) -> Iterator[Finding]:
    """Report which loops have the newest file, and which jobs one leaves to the others."""
    spread = spread_of(alive)
    if not spread.is_whole:
        older = "jobs that only the older files list go on there; of the others the newest words are in force"
        found = f"{spread.text(case.zone, now=case.now)}: {older}"
        yield note("loop", found, advice="save the file there, or restart that loop with it")
    for loop in alive:
        if names := loop.details.get("unknown_jobs"):
            yield note("loop", f"{_who(loop)} leaves to other loops the jobs that it does not know: {some_of(names)}")


def _who(loop: LoopRecord) -> str:
    return f"pid {loop.pid} on {loop.host}"


def _bytes(count: int) -> str:
    size = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
