"""What is declared at the top of the file and asked for by no job in it."""

from __future__ import annotations

from collections.abc import Iterator

from aperture_plugin.config.entries import Entry, place_of
from aperture_plugin.config.lint.looking import Looked
from aperture_plugin.words.unreadable import quoted

__all__ = ["unused_limit", "unused_presets", "unused_queue"]

_BUILT_IN = "default"


def unused_queue(file: Looked) -> None:
    """Tell of each queue that no job of any layer or preset waits in; `default` is for all the others."""
    declared = (file.words.queues or {}).keys() - {_BUILT_IN}
    used = {entry.words["queue"].value for entry in _entries(file) if "queue" in entry.words} if declared else ()
    for name, said in (file.words.queues or {}).items():
        if name in declared and name not in used:
            file.warn(
                "unused-queue",
                place_of(said.key, 0),
                f"no job of this file has the queue {quoted(name)}",
                f"give it to a job, or take this line out\nWrite:  queue: {name}",
            )


def unused_limit(file: Looked) -> None:
    """Tell of each limit that no job of any layer or preset counts its calls against."""
    used: set[str] = set()
    if file.words.limits:
        for entry in _entries(file):
            if "limit" in entry.words:
                used.update(item.value for item in entry.words["limit"].value)
    for name, said in (file.words.limits or {}).items():
        if name not in used:
            file.warn(
                "unused-limit",
                place_of(said.key, 0),
                f"no job of this file has the limit {quoted(name)}",
                f"give it to the jobs whose calls it counts, or take this line out\nWrite:  limit: {name}",
            )


def unused_presets(file: Looked) -> None:
    """Tell of a file that declares presets and puts none in force; that it has others beside the one is normal."""
    presets = file.words.presets or {}
    if presets and "preset" not in file.words.settings:
        first = next(iter(presets.values()))
        named = f"preset {quoted(first.name)} is" if len(presets) == 1 else f"{len(presets)} presets are"
        file.warn(
            "unused-presets",
            first.place,
            f"{named} declared, and the file puts none in force",
            f"name one at the top of the file\nWrite:  preset: {first.name}",
        )


def _entries(file: Looked) -> Iterator[Entry]:
    """Yield every entry there is, in force or not."""
    if file.words.defaults is not None:
        yield file.words.defaults
    for preset in (file.words.presets or {}).values():
        yield from preset.jobs.values()
    yield from file.words.schedules.values()
