"""The other loops on the store: which jobs are this loop's, and what becomes of jobs that no loop knows.

There is no leader: each loop publishes what its file says, reads what the others have published, and comes to the same
division of the jobs (`rules.shared_files`). A loop that is alone publishes nothing, for nobody reads it.
"""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import Final

from aperture_plugin.loop.state import OwnWords
from aperture_plugin.loop.tick import Tick
from aperture_plugin.ports import LoopRecord
from aperture_plugin.rules.new_runs import following_run
from aperture_plugin.rules.runs import WAITING
from aperture_plugin.rules.shared_files import ALONE, LoopWords, PublishedWords, divide, file_words
from aperture_plugin.words.schedules import After

__all__ = ["is_left", "queue_owed", "share"]

SILENT_SECONDS: Final = 15.0
"""A process of this place that lives and has not beaten for so long is stopped or hangs: others fire its jobs."""

_SCHEDULE: Final = "schedule"


def share(tick: Tick, *, starting: bool = False, anew: bool = False) -> None:
    """Look at the other loops, and divide the jobs anew where something of them has changed.

    Args:
        starting: Whether this loop begins.
        anew: Whether another file has come into force here.
    """
    state = tick.state
    if state.only is not None or not (starting or anew or tick.is_foreign or tick.beats):
        return
    if anew and tick.division.is_alone and not tick.is_foreign:
        return
    others = [loop for loop in tick.ledger.loops() if loop.id != state.id]
    if starting or tick.beats:
        dead = {loop.id for loop in state.lease.dead(others, at=tick.at)}
        others = [loop for loop in others if loop.id not in dead]
    if not others:
        if not tick.division.is_alone:
            tick.divide(ALONE, ())
        return
    own = own_words(tick)
    living = [_seen(tick, loop) for loop in others]
    mine = LoopWords(
        id=state.id,
        number=tick.in_force.number or 0,
        text=own.text,
        since=state.lease.record.since,
        fires=not state.draining,
        words=own.words,
    )
    revision = tick.ledger.latest_revision()
    seen = sorted(
        (loop.id, loop.number, loop.text or "", loop.fires, _digest_of(tick, loop)) for loop in (mine, *living)
    )
    signature = (*seen, revision)
    if signature == tick.divided_by:
        return
    tick.divide(divide(mine, living), signature)


def own_words(tick: Tick) -> OwnWords:
    """Return what this loop publishes of its file, and publish it where that has not been done."""
    config = tick.in_force.config
    own = tick.own_words
    if own is None or own.config is not config:
        words = file_words(config, tick.in_force.jobs)
        value = words.as_json()
        digest = blake2b(json.dumps(value).encode("utf-8", "replace"), digest_size=8).hexdigest()
        own = tick.own_words = OwnWords(config, words, digest, tick.in_force.digest)
        tick.ledger.keep_words(tick.state.id, value)
        tick.publishes = True
    return own


def is_left(tick: Tick, job: str) -> bool:
    """Return whether this loop leaves the runs of *job* to another, or waits for one that knows it to come back."""
    if not tick.division.is_ours(job) and tick.division.is_elsewhere(job):
        return True
    if tick.in_force.job_config(job) is not None or tick.state.only is not None:
        return False
    return tick.division.is_elsewhere(job) or not tick.is_gone(job)


def queue_owed(tick: Tick) -> None:
    """Queue the jobs of this loop that run `after` others, where those have completed in loops that do not know it."""
    for job in tick.in_force.config.jobs.values():
        if not (job.enabled and isinstance(job.schedule, After) and tick.division.is_ours(job.name)):
            continue
        done = tick.predecessors.completed_for(job.name)
        if not done or not frozenset(job.schedule.jobs) <= done:
            continue
        if any(run.status in WAITING for run in tick.queue.of_job(job.name)):
            continue
        tick.predecessors.forget([job.name])
        run_id, held_back = tick.state.new_id(tick.now), tick.state.held_back(job.name)
        tick.add(following_run(job, run_id=run_id, now=tick.now, held_back=held_back))


def _seen(tick: Tick, loop: LoopRecord) -> LoopWords:
    """Return another loop as the division sees it; its words are read only where they have changed."""
    state = tick.state
    text, digest = loop.details.get("text") or {}, loop.details.get("words")
    words: PublishedWords | None = None
    if digest is not None:
        known = state.their_words.get(loop.id)
        if known is None or known[0] != digest:
            value = tick.ledger.words([loop.id]).get(loop.id)
            if value is not None:
                known = state.their_words[loop.id] = (digest, PublishedWords.of_json(value))
        words = None if known is None or known[0] != digest else known[1]
    return LoopWords(
        id=loop.id,
        number=text.get("number", 0),
        text=text.get("sha256"),
        since=loop.since,
        fires=loop.serves == _SCHEDULE and not loop.details.get("draining") and not _is_silent(tick, loop),
        words=words,
    )


def _is_silent(tick: Tick, loop: LoopRecord) -> bool:
    """Return whether a process of this place has not beaten for long; one elsewhere is found dead before that."""
    heard = tick.state.heard
    if not tick.beats:
        beat, since, was_silent = heard.get(loop.id, (loop.beat, tick.at, False))
        return was_silent and beat == loop.beat
    beat, since, _ = heard.get(loop.id, (-1, 0.0, False))
    if beat != loop.beat:
        since = tick.at
    silent = loop.place == tick.state.lease.record.place and tick.at - since >= SILENT_SECONDS
    heard[loop.id] = (loop.beat, since, silent)
    return silent


def _digest_of(tick: Tick, loop: LoopWords) -> str:
    if loop.id == tick.state.id:
        return "" if tick.own_words is None else tick.own_words.digest
    known = tick.state.their_words.get(loop.id)
    return "" if loop.words is None or known is None else known[0]
