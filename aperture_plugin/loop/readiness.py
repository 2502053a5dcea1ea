"""The plugins' answers to what holds a job back: asked for in a thread, remembered for a while."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from aperture_plugin.loop.messages import ReadyAnswered
from aperture_plugin.loop.notifications import Questions
from aperture_plugin.loop.wakeups import Pace
from aperture_plugin.rules.jobs import Job

__all__ = ["Readiness"]


class Readiness:
    """The plugins' latest answers about each job that was about to start.

    Args:
        ask: Asks every plugin; returns reasons to hold the job back. May take its time.
        reply: Takes the answer, in the asking thread.
        pace: Seconds for which an answer is good; then the question is put again.
    """

    def __init__(self, ask: Callable[[Job], Sequence[str]], reply: Callable[[ReadyAnswered], None], pace: Pace) -> None:
        self.answers: dict[str, Sequence[str]] = {}
        self._ask = ask
        self._reply = reply
        self._fresh_seconds = pace.ready
        self._stale_at: dict[str, float] = {}
        self._questions = Questions(threaded=pace.threaded)

    def ask(self, name: str, jobs: Mapping[str, Job]) -> None:
        """Put the question about a job, unless it is open already. A program has nobody to answer for it."""
        job = jobs.get(name)
        if job is None:
            self._reply(ReadyAnswered(job=name, reasons=()))
        else:
            self._questions.ask(name, lambda: self._reply(ReadyAnswered(job=name, reasons=self._ask(job))))

    def heard(self, answer: ReadyAnswered, *, at: float) -> None:
        """Remember an answer that came at the monotonic time *at*."""
        self.answers[answer.job] = answer.reasons
        self._stale_at[answer.job] = at + self._fresh_seconds

    def forget(self, name: str) -> None:
        """Ask anew before the job's next start."""
        self.answers.pop(name, None)
        self._stale_at.pop(name, None)

    @property
    def next_at(self) -> float | None:
        """The monotonic time at which the next answer has had its time."""
        return min(self._stale_at.values(), default=None)

    def grown_stale(self, at: float) -> list[str]:
        """Forget the answers that have had their time; return the jobs they were about."""
        stale = [name for name, stale_at in self._stale_at.items() if stale_at <= at]
        for name in stale:
            self.forget(name)
        return stale
