"""Names that jobs call others by: other jobs, queues, limits. Each must lead somewhere, and none in a circle."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from aperture_plugin.config.checks.cycles import circles
from aperture_plugin.config.layers.entries import DEFAULTS, FileWords, JobWords, LayerValue, place_of
from aperture_plugin.config.layers.incremental import ReadingCache
from aperture_plugin.config.layers.job_builder import laid
from aperture_plugin.config.layers.schedule_builder import parts_of
from aperture_plugin.config.model import JobConfig
from aperture_plugin.config.problems import Place, Problems
from aperture_plugin.config.schema import hints
from aperture_plugin.config.schema.parsed_values import FAULTY, ParsedValue
from aperture_plugin.words.did_you_mean import Neighbors
from aperture_plugin.words.parse_error import quoted
from aperture_plugin.words.schedules import After

__all__ = ["References", "check_registered"]

_MOST_SHOWN: Final = 8
_MOST_GUESSED: Final = 1_000
"""Unknown names for which the nearest is looked for: among many thousands each takes a few milliseconds."""
_MOST_LINKS: Final = 4
_A_JOB: Final = "expected the name of a job of this file or of a plugin"
_NO_ENTRY: Final = JobWords("", "", {}, (0, 0, 1))
"""Stands for the whole file, whose places count from its first line."""

Stacks = Mapping[str, Sequence[JobWords]]
"""The entries of each job, from the lowest layer to the highest, in the order of the jobs."""


def check_registered(words: FileWords, known: Collection[str] | None, problems: Problems) -> None:
    """Report of every name of a job, in whichever layer, that no plugin registers and no command stands behind.

    Args:
        known: The registered names; None if no plugin and no manifest was found at all, so that they are unknown.
    """
    if words.defaults is not None and "command" in words.defaults.words:
        return
    layers = [preset.jobs for preset in (words.presets or {}).values()] + [words.schedules]
    unknown = set().union(*layers).difference(known or ())
    if not unknown:
        return
    entries = [layer[name] for layer in layers for name in layer if name in unknown]
    unknown -= {entry.name for entry in entries if "command" in entry.words}
    strangers = [entry for entry in entries if entry.name in unknown]
    if known is not None:
        _tell_unknown(strangers, known, problems)
    elif strangers:
        first = min(strangers, key=_line)
        names = f"the names of {len(unknown)} jobs" if len(unknown) > 1 else quoted(first.name)
        problems.warn(
            "jobs-not-checked",
            at=first.place,
            job=first.name,
            message=f"no plugin was found, so {names} cannot be checked",
            hint="name the plugin with --plugin, or what it registers with --jobs; a job with a command needs neither",
        )


def _tell_unknown(strangers: Sequence[JobWords], known: Collection[str], problems: Problems) -> None:
    neighbors = Neighbors(tuple(known))
    for place, entry in enumerate(strangers):
        near = neighbors.nearest(entry.name) if place < _MOST_GUESSED else None
        problems.add(
            "unknown-job",
            at=entry.place,
            job=entry.name,
            message=f"{quoted(entry.name)} is not a job that any plugin registers",
            hint=(f'did you mean "{near}"? If not, ' if near else "")
            + "let a plugin register it, or give it a command of its own"
            + (f"\nWrite:  {_renamed(entry, near)}" if near else ""),
        )


def _renamed(entry: JobWords, name: str) -> str:
    """Return the line that begins the job of *entry* under another *name*."""
    phrase = entry.words.get("schedule")
    in_place = phrase is not None and bool(phrase.text) and phrase.key == entry.spot and phrase.value is not FAULTY
    return hints.line(name, phrase.text) if phrase is not None and in_place else f"{name}:"


class References:
    """Checks what the jobs of a file refer to.

    Args:
        words: The whole file.
        known: The registered names; None if they are unknown.
        cache: The cache of the last reading of the file, which this one replaces.
    """

    def __init__(
        self,
        words: FileWords,
        known: Collection[str] | None,
        problems: Problems,
        cache: ReadingCache,
    ) -> None:
        self._problems = problems
        self._before = cache.before
        self._after = cache.after
        self._jobs = set(words.schedules).union(
            *(preset.jobs for preset in (words.presets or {}).values()), known or (), words.lost
        )
        self._declared = {
            "queue": None if words.queues is None else {"default", *words.queues},
            "limit": None if words.limits is None else {*words.limits},
            "calendar": None if words.calendars is None else {*words.calendars},
            "channel": None if words.channels is None else {*words.channels},
        }
        self._near: dict[str, Neighbors] = {}
        self._guessed = 0
        self._circle_text: set[tuple[str, Place]] = set()

    def check(self, stacks: Stacks, jobs: Mapping[str, JobConfig | None]) -> None:
        """Report of every name in *stacks* that leads nowhere, or round in a circle.

        Args:
            jobs: The jobs made of the stacks; None where that failed.
        """
        needs: dict[str, tuple[str, ...]] = {}
        after: dict[str, tuple[str, ...]] = {}
        queues, limits = self._declared["queue"], self._declared["limit"]
        calendars, channels = self._declared["calendar"], self._declared["channel"]
        exists = self._jobs.issuperset
        for name, job in jobs.items():
            if job is None:
                followed = self._names(_followed(stacks[name]))
                needed = self._names(_items(stacks[name], "needs"))
                doubtful = True
            else:
                followed = job.predecessors
                needed = job.needs
                doubtful = not (
                    (queues is None or job.queue in queues)
                    and (limits is None or limits.issuperset(job.limits))
                    and (calendars is None or calendars.issuperset(job.calendars))
                    and (channels is None or channels.issuperset(job.notify))
                    and exists(needed)
                    and exists(followed)
                )
            if needed:
                needs[name] = needed
            if followed:
                after[name] = followed
            if doubtful:
                self._check_job(name, stacks[name])
        self._circles("needs", needs, stacks)
        self._circles("after", after, stacks)

    def check_expected(self, expect: Sequence[ParsedValue]) -> None:
        """Report of every job and queue that an expectation names and that does not exist."""
        if not expect:
            return
        from aperture_plugin.config.checks.expect.expectations import named_in  # few files expect anything

        queues = self._declared["queue"]
        for item in expect:
            for what, parsed in named_in(item):
                if what == "queue" and queues is not None and parsed.value not in queues:
                    self._undeclared("queue", LayerValue(parsed, _NO_ENTRY), queues, None)
                elif what == "job" and parsed.value not in self._jobs:
                    near = self._nearest("job", parsed.value, self._jobs)
                    meant = (
                        f'did you mean "{near}"?\nWrite:  - {_put(item.text, parsed.value, near)}' if near else _A_JOB
                    )
                    self._problems.add(
                        "unknown-expected",
                        at=place_of(parsed.spot, 0),
                        message=f"{quoted(item.text)} names a job that does not exist",
                        hint=meant,
                    )

    def _check_job(self, name: str, entries: Sequence[JobWords]) -> None:
        queue = laid(entries).get("queue")
        named = ("queue", [queue] if queue else []), ("limit", _items(entries, "limit"))
        beside = ("calendar", _items(entries, "except")), ("channel", _items(entries, "notify"))
        for what, items in (*named, *beside):
            declared = self._declared[what]
            for chosen in items:
                if declared is not None and chosen.parsed.value not in declared:
                    self._undeclared(what, chosen, declared, name, items)
        if self._problems.full:
            return
        for kind, items in (("needs", _items(entries, "needs")), ("after", _followed(entries))):
            for chosen in items:
                if chosen.parsed.value not in self._jobs:
                    self._no_such_job(kind, chosen, name, items)

    def _undeclared(
        self,
        what: str,
        chosen: LayerValue,
        declared: Collection[str],
        name: str | None,
        items: Sequence[LayerValue] = (),
    ) -> None:
        near = self._nearest(what, chosen.parsed.value, declared)
        example = {"queue": "1", "limit": "40 per 10 seconds", "calendar": "[2026-12-24, every 05-01]"}.get(what)
        declaring = "" if example is None else f"\nWrite:  {chosen.parsed.value}: {example}"
        above = "notify" if what == "channel" else f"{what}s"
        self._add(
            f"unknown-{what}",
            chosen,
            name,
            f"{quoted(chosen.parsed.value)} is not a {what} that the file declares",
            (f'did you mean "{near}"? If not, ' if near else "")
            + f"declare it under {above} at the top of the file"
            + (_with(near, what, chosen, items) if near else declaring),
        )

    def _no_such_job(self, kind: str, chosen: LayerValue, name: str, items: Sequence[LayerValue]) -> None:
        near = self._nearest("job", chosen.parsed.value, self._jobs)
        self._add(
            "unknown-need" if kind == "needs" else "unknown-after",
            chosen,
            name,
            f"{quoted(name)} {'needs' if kind == 'needs' else 'runs after'} {quoted(chosen.parsed.value)}, "
            "which does not exist",
            f'did you mean "{near}"?{_with(near, kind, chosen, items)}' if near else _A_JOB,
        )

    def _circles(self, kind: str, links: Mapping[str, tuple[str, ...]], stacks: Stacks) -> None:
        if links in self._before.acyclic.get(kind, ()):
            self._remember(kind, links)
            return
        found = False
        ordered = {name: links[name] for name in sorted(links, key=lambda name: _line(stacks[name][-1]))}
        for circle in circles(ordered):
            found = True
            first, second = circle[0], circle[1]
            items = _items(stacks[first], "needs") if kind == "needs" else _followed(stacks[first])
            chosen = next(chosen for chosen in items if chosen.parsed.value == second)
            self._add(f"{kind}-circle", chosen, first, _circle_text(kind, circle), _BREAK[kind])
        if not found:
            self._remember(kind, links)

    def _remember(self, kind: str, links: Mapping[str, tuple[str, ...]]) -> None:
        remembered = self._after.acyclic.setdefault(kind, [])
        if len(remembered) < _MOST_LINKS:
            remembered.append(dict(links))

    def _nearest(self, what: str, name: str, names: Collection[str]) -> str | None:
        if what not in self._near:
            self._near[what] = Neighbors(sorted(names))
        self._guessed += 1
        return self._near[what].nearest(name) if self._guessed <= _MOST_GUESSED else None

    @staticmethod
    def _names(items: Sequence[LayerValue]) -> tuple[str, ...]:
        return tuple(chosen.parsed.value for chosen in items)

    def _add(self, code: str, chosen: LayerValue, job: str | None, message: str, hint: str) -> None:
        # Words of defaults are those of every job: tell of them once.
        if chosen.entry.layer == DEFAULTS:
            if (code, chosen.place) in self._circle_text:
                return
            self._circle_text.add((code, chosen.place))
        self._problems.add(code, at=chosen.place, job=job, message=message, hint=hint)


def _with(near: str, key: str, chosen: LayerValue, items: Sequence[LayerValue]) -> str:
    """Return the line to paste that has *near* in the place of the value *chosen*, one of *items*; nothing of many."""
    entry, parsed = chosen.entry, chosen.parsed
    phrase = entry.words.get("schedule")
    if key == "after" and phrase is not None and phrase.text:
        name = entry.name if phrase.key == entry.spot else "schedule"
        return f"\nWrite:  {hints.line(name, _put(phrase.text, parsed.value, near))}"
    key = {"after": "jobs", "calendar": "except"}.get(key, key)
    listed = entry.words.get(key)
    if not items or listed is None or len(items) > _MOST_SHOWN:
        return ""
    if listed.text:
        return f"\nWrite:  {hints.line(key, near)}"
    names = dict.fromkeys(near if item.parsed.value == parsed.value else item.parsed.value for item in items)
    return f"\nWrite:  {key}: [{', '.join(names)}]"


def _put(text: str, name: str, near: str) -> str:
    """Return *text* with *near* in the place of *name*, where that stands by itself."""
    return re.sub(rf"(?<![A-Za-z0-9._-]){re.escape(name)}(?![A-Za-z0-9_-])", near, text)


def _line(entry: JobWords) -> int:
    return entry.base + entry.spot[0]


_BREAK: Final = {
    "needs": "each would wait for the others to have completed, so none could ever run; take one of these needs out",
    "after": "each would wait for the others to complete, so none would ever be due; give one a time of its own",
}


def _circle_text(kind: str, circle: tuple[str, ...]) -> str:
    if len(circle) == 2:
        return f"{quoted(circle[0])} {'needs' if kind == 'needs' else 'runs after'} itself"
    shown = circle if len(circle) <= _MOST_SHOWN else (*circle[: _MOST_SHOWN - 2], "…", *circle[-2:])
    return f"jobs {'need' if kind == 'needs' else 'run after'} each other in a circle: {' → '.join(shown)}"


def _items(entries: Sequence[JobWords], key: str) -> list[LayerValue]:
    chosen = laid(entries).get(key)
    return [] if chosen is None else [LayerValue(value, chosen.entry) for value in chosen.parsed.value]


def _followed(entries: Sequence[JobWords]) -> list[LayerValue]:
    """Return the jobs that a schedule runs after, each at its place."""
    parts = parts_of(entries, Problems(""))
    phrase = parts.get("schedule")
    if phrase is not None:
        if phrase.parsed.value is FAULTY or not isinstance(phrase.parsed.value, After):
            return []
        return [LayerValue(_within_phrase(phrase.parsed, job), phrase.entry) for job in phrase.parsed.value.jobs]
    jobs = parts.get("jobs")
    return (
        []
        if jobs is None or jobs.parsed.value is FAULTY
        else [LayerValue(value, jobs.entry) for value in jobs.parsed.value]
    )


def _within_phrase(parsed: ParsedValue, job: str) -> ParsedValue:
    start = parsed.text.find(job, len("after"))
    line, column, length = parsed.spot
    quotes = length - len(parsed.text)
    if start < 0 or quotes not in (0, 2):
        return ParsedValue(job, parsed.spot, parsed.key, job)
    return ParsedValue(job, (line, column + quotes // 2 + start, len(job)), parsed.key, job)
