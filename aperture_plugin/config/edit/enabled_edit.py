"""Switches one job off or on in the text: changes its key `enabled`, and nothing else.

The words of its schedule stay letter by letter. A job that is only a phrase becomes a mapping around that phrase.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from aperture_plugin.config.edit.reschedule_edit import SECTION, added, of_the_file, piece_of
from aperture_plugin.config.edit.text_edits import Edit, edited, last_content, revalued, unmarked
from aperture_plugin.config.model import Config
from aperture_plugin.config.yaml.chunks import Chunk, cut

__all__ = ["only_enabled_differs", "ways_to_switch"]

_WORDS: Final = {True: "yes", False: "no"}
_STEP: Final = 2


def ways_to_switch(config: Config, job: str, *, enabled: bool) -> Iterator[str]:
    """Yield texts of the file in which *job* may be *enabled*, or not, the one that changes least first.

    Args:
        config: Valid; its text is what is changed.
        job: A job of the file, or one that it does not name and that is then added.
    """
    text = unmarked(config.text)
    sections = {piece.key.text: piece for piece in cut(Chunk(text, 0)) if piece.key is not None}
    section = sections.get(SECTION)
    piece = None if section is None else piece_of(section, job)
    value = f"enabled: {_WORDS[enabled]}"
    if piece is None:
        ways = added(list(sections.values()), section, [f"{job}:", f"{' ' * _STEP}{value}"])
    else:
        ways = iter([_switched(piece, value)])
    for edits in ways:
        yield edited(config.text, edits)


def only_enabled_differs(before: Config, after: Config, job: str, *, enabled: bool) -> bool:
    """Return whether *after* says of *job* that it is *enabled*, or not, and of everything else what *before* says."""
    if [name for name in after.jobs if name in before.jobs] != list(before.jobs):
        return False
    if set(after.jobs) - set(before.jobs) - {job}:
        return False
    for name, one in after.jobs.items():
        other = before.jobs.get(name) or before.unlisted(name)
        wanted = enabled if name == job else other.enabled
        if one != replace(other, place=one.place, order=one.order, enabled=wanted):
            return False
    return of_the_file(after) == of_the_file(before)


def _switched(piece: Chunk, text: str) -> list[Edit]:
    keys = _keys(piece)
    if "enabled" in keys:
        return [revalued(keys["enabled"], text.partition(": ")[2])]
    if keys:
        last = max(map(last_content, keys.values())) + 1
        first = next(iter(keys.values()))
        assert first.key is not None, "it is one of those with a key"
        return [Edit(last, last, (f"{' ' * first.key.spot[1]}{text}",))]
    return [_wrapped(piece, text)]


def _keys(piece: Chunk) -> dict[str, Chunk]:
    """Return the keys of a job that is a mapping; none of one that is a phrase or a list."""
    body = piece.body
    found = () if body is None else cut(body)
    return {part.key.text: part for part in found if part.key is not None}


def _wrapped(piece: Chunk, text: str) -> Edit:
    """Return the edit that puts what stands behind the job's name behind a key `schedule`, and *text* below it."""
    assert piece.key is not None, "a job has a name"
    end = last_content(piece) + 1
    first, *rest = piece.text.split("\n")[: end - piece.line]
    column, length = piece.key.spot[1:]
    colon = first.index(":", column + length)
    indent = " " * (column + _STEP)
    value = first[colon + 1 :].strip()
    lines = [first[: colon + 1]]
    if value or rest:
        lines.append(f"{indent}schedule: {value}".rstrip())
    lines += [f"{' ' * _STEP}{line}" if line.strip() else line for line in rest]
    return Edit(piece.line, end, (*lines, f"{indent}{text}"))
