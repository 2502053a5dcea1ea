"""Names that jobs call others by: other jobs, queues, limits. Each must lead somewhere, and none in a circle."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from aperture_plugin.config.entries import DEFAULTS, Entry, FileWords, Told
from aperture_plugin.config.graphs import circles
from aperture_plugin.config.jobs import laid
from aperture_plugin.config.problems import Problems
from aperture_plugin.config.scheduling import Parts, parts_of
from aperture_plugin.config.walking import FAULTY, Said
from aperture_plugin.words.nearest import Neighbours
from aperture_plugin.words.schedules import After
from aperture_plugin.words.unreadable import quoted

__all__ = ["References", "check_registered"]

_LONGEST_SHOWN: Final = 8

Stacks = Mapping[str, Sequence[Entry]]
"""The entries of each job, from the lowest layer to the highest, in the order of the jobs."""


def check_registered(words: FileWords, known: Collection[str] | None, problems: Problems) -> None:
    """Tell of every name of a job, in whichever layer, that no plugin registers and no command stands behind.

    Args:
        known: The registered names; None if no plugin and no manifest was found at all, so that nothing can be told.
    """
    entries = [*words.schedules.values()]
    for preset in words.presets.values():
        entries += preset.jobs.values()
    programs = {entry.name for entry in entries if "command" in entry.words}
    if words.defaults is not None and "command" in words.defaults.words:
        return
    reachable = programs if known is None else programs.union(known)
    strangers = [entry for entry in entries if entry.name not in reachable]
    if not strangers:
        return
    if known is None:
        first = min(strangers, key=lambda entry: entry.place)
        count = len({entry.name for entry in strangers})
        problems.warn(
            "jobs-not-checked",
            at=first.place,
            job=first.name,
            message=f"no plugin was found, so the names of {count} jobs cannot be checked"
            if count > 1
            else f"no plugin was found, so {quoted(first.name)} cannot be checked",
            hint="name the plugin with --plugin, or what it registers with --jobs; a job with a command needs neither",
        )
        return
    neighbours = Neighbours(tuple(known))
    for entry in strangers:
        near = neighbours.nearest(entry.name)
        problems.add(
            "unknown-job",
            at=entry.place,
            job=entry.name,
            message=f"{quoted(entry.name)} is not a job that any plugin registers",
            hint=(f'did you mean "{near}"? ' if near else "")
            + "A job needs a plugin that registers it, or a command of its own",
        )


class References:
    """Checks what the jobs of one configuration refer to.

    Args:
        words: The whole file.
        known: The registered names; None if they cannot be told.
    """

    def __init__(self, words: FileWords, known: Collection[str] | None, problems: Problems) -> None:
        self._problems = problems
        self._named = {name for preset in words.presets.values() for name in preset.jobs}
        self._named.update(words.schedules)
        self._known = known or ()
        self._queues = {"default", *words.queues}
        self._limits = words.limits
        self._jobs_near: Neighbours | None = None
        self._told: set[Told] = set()

    def check(self, stacks: Stacks) -> None:
        """Tell of every name in *stacks* that leads nowhere, or round in a circle."""
        needs: dict[str, list[str]] = {}
        after: dict[str, list[str]] = {}
        places: dict[tuple[str, str, str], Told] = {}
        for name, entries in stacks.items():
            words = laid(entries)
            if "queue" in words:
                self._one_of("queue", words["queue"], self._queues, name)
            if "limit" in words:
                for told in _items(words["limit"]):
                    self._one_of("limit", told, self._limits, name)
            if "needs" in words:
                needs[name] = self._jobs("need", _items(words["needs"]), name, places)
            followed = _followed(parts_of(entries, Problems("")))
            if followed:
                after[name] = self._jobs("after", followed, name, places)
        self._circles("need", needs, stacks, places)
        self._circles("after", after, stacks, places)

    def _jobs(self, kind: str, items: Iterable[Told], name: str, places: dict[tuple[str, str, str], Told]) -> list[str]:
        found = []
        for told in items:
            other = told.said.value
            if other in self._named or other in self._known:
                found.append(other)
                places[kind, name, other] = told
                continue
            if self._jobs_near is None:
                self._jobs_near = Neighbours((*self._named, *self._known))
            near = self._jobs_near.nearest(other)
            verb = "needs" if kind == "need" else "runs after"
            self._add(
                "unknown-need" if kind == "need" else "unknown-after",
                told,
                name,
                f"{quoted(name)} {verb} {quoted(other)}, which does not exist",
                f'did you mean "{near}"?' if near else "expected the name of a job of this file or of a plugin",
            )
        return found

    def _one_of(self, what: str, told: Told, declared: Collection[str], name: str) -> None:
        if told.said.value in declared:
            return
        near = Neighbours(declared).nearest(told.said.value)
        example = "1" if what == "queue" else "40 per 10 seconds"
        self._add(
            f"unknown-{what}",
            told,
            name,
            f"{quoted(told.said.value)} is not a {what} that the file declares",
            (f'did you mean "{near}"? ' if near else "")
            + f"A {what} is declared under {what}s at the top of the file, such as  {told.said.value}: {example}",
        )

    def _circles(
        self,
        kind: str,
        links: Mapping[str, Sequence[str]],
        stacks: Stacks,
        places: Mapping[tuple[str, str, str], Told],
    ) -> None:
        ordered = dict(sorted(links.items(), key=lambda item: stacks[item[0]][-1].place))
        for circle in circles(ordered):
            first, second = circle[0], circle[1]
            told = places[kind, first, second]
            verb = "need" if kind == "need" else "run after"
            if len(circle) == 2:
                message = f"{quoted(first)} {verb}s itself" if kind == "need" else f"{quoted(first)} runs after itself"
            else:
                shown = circle if len(circle) <= _LONGEST_SHOWN else (*circle[: _LONGEST_SHOWN - 2], "…", *circle[-2:])
                message = f"jobs {verb} each other in a circle: {' → '.join(shown)}"
            self._add(
                f"{'needs' if kind == 'need' else 'after'}-circle",
                told,
                first,
                message,
                "none of them could ever run; take one of these out",
            )

    def _add(self, code: str, told: Told, job: str, message: str, hint: str) -> None:
        # Words from defaults are the same for every job: tell of them once.
        if told.entry.layer == DEFAULTS:
            if told in self._told:
                return
            self._told.add(told)
        self._problems.add(code, at=told.place, job=job, message=message, hint=hint)


def _items(told: Told) -> list[Told]:
    return [Told(said, told.entry) for said in told.said.value]


def _followed(parts: Parts) -> list[Told]:
    """Return the jobs that a schedule runs after, each at its place."""
    phrase = parts.get("schedule")
    if phrase is not None:
        if not isinstance(phrase.said.value, After):
            return []
        return [Told(_within_phrase(phrase.said, job), phrase.entry) for job in phrase.said.value.jobs]
    jobs = parts.get("jobs")
    return [] if jobs is None or jobs.said.value is FAULTY else _items(jobs)


def _within_phrase(said: Said, job: str) -> Said:
    start = said.text.find(job, len("after"))
    line, column, length = said.spot
    quotes = length - len(said.text)
    if start < 0 or quotes not in (0, 2):
        return Said(job, said.spot, said.key, job)
    return Said(job, (line, column + quotes // 2 + start, len(job)), said.key, job)
