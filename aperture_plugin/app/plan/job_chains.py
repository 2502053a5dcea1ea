"""Jobs that wait for one another, seen from their end: when is the whole of it done?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from aperture_plugin.config.model import Config, JobConfig

__all__ = ["Chain", "chains_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """A job that nothing waits for, and all that it waits for.

    Attributes:
        steps: Every job of it, each behind those it waits for; the last is the one that makes it ready.
    """

    steps: tuple[str, ...]

    @property
    def job(self) -> str:
        """The job that makes it ready."""
        return self.steps[-1]


def chains_of(config: Config) -> list[Chain]:
    """Return the chains of the enabled jobs, in the order in which their last jobs stand in the file."""
    enabled = {name: job for name, job in config.jobs.items() if job.enabled}
    before = {name: [one for one in waits_for(job) if one in enabled] for name, job in enabled.items()}
    waited_for = {one for names in before.values() for one in names}
    return [
        Chain(steps=tuple(_steps(name, before))) for name, names in before.items() if names and name not in waited_for
    ]


def waits_for(job: JobConfig) -> tuple[str, ...]:
    """Return the jobs that *job* needs or comes after, each once."""
    after = job.predecessors
    return tuple(dict.fromkeys((*after, *job.needs)))


def _steps(last: str, before: dict[str, list[str]]) -> Iterator[str]:
    """Yield what leads to *last*, and *last* itself; without recursion, for a chain may be as long as the file."""
    done: set[str] = set()
    stack = [(last, iter(before[last]))]
    entered = {last}
    while stack:
        name, ahead = stack[-1]
        following = next((one for one in ahead if one not in entered), None)
        if following is not None:
            entered.add(following)
            stack.append((following, iter(before[following])))
            continue
        stack.pop()
        if name not in done:
            done.add(name)
            yield name
