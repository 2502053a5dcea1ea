"""The lines of a file, changed one by one, so that all that stands around a change stays as it was.

A line keeps its line end, and a new one takes that of its neighbor. A comment is nobody's: where a value is
rewritten or a key taken out, the comments among its lines stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from aperture_plugin.config.yaml.chunks import Chunk
from aperture_plugin.config.yaml.nodes import Spot

__all__ = ["Edit", "edited", "last_content", "put_in_place", "removed", "respelt", "revalued", "unmarked"]

_BLOCK: Final = re.compile(r" *[|>][-+0-9]{0,2} *(#.*)?$")
_BEFORE_QUOTE: Final = " \t[,"


@dataclass(frozen=True, slots=True)
class Edit:
    """Put *lines* in the place of those from *start* up to, and not including, *end*; lines are counted from 0."""

    start: int
    end: int
    lines: tuple[str, ...]


def unmarked(text: str) -> str:
    """Return *text* as its lines are counted: LF as the only line end, without a byte order mark."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def edited(text: str, edits: Iterable[Edit]) -> str:
    """Return *text*, as it was written, with all *edits* in it; no two of them may touch one line.

    >>> edited("a\\r\\nb", [Edit(1, 1, ("x",)), Edit(2, 2, ("y",))])
    'a\\r\\nx\\r\\nb\\r\\ny'
    """
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    lines = text.removeprefix(mark).split("\n")
    usual = "\r" if lines[0].endswith("\r") else ""
    ends = ["\r" if line.endswith("\r") else "" for line in lines[:-1]] + [usual]
    bare = [line.removesuffix("\r") for line in lines]
    for edit in sorted(edits, key=lambda one: (one.start, one.end), reverse=True):
        neighbor = edit.start if edit.end > edit.start else max(0, edit.start - 1)
        bare[edit.start : edit.end] = edit.lines
        ends[edit.start : edit.end] = [ends[neighbor]] * len(edit.lines)
    return mark + "".join(f"{line}{end}\n" for line, end in zip(bare[:-1], ends, strict=False)) + bare[-1]


def respelt(lines: Sequence[str], spellings: Iterable[tuple[Spot, str]]) -> list[Edit]:
    """Return the edits that put a new text at each of these spots, which may stand on one line; quotes stay."""
    by_line: dict[int, list[tuple[int, int, str]]] = {}
    for (line, column, length), new in spellings:
        by_line.setdefault(line, []).append((column, length, new))
    edits = []
    for number, places in by_line.items():
        value = lines[number]
        for column, length, new in sorted(places, reverse=True):
            quote = value[column] if value[column] in "'\"" else '"' * new.startswith("*")
            value = value[:column] + quote + new + quote + value[column + length :]
        edits.append(Edit(number, number + 1, (value,)))
    return edits


def put_in_place(lines: Sequence[str], spot: Spot, text: str) -> bool:
    """Return whether *text* stands at *spot* letter by letter, so that it can be replaced there."""
    line, column, length = spot
    raw = lines[line][column : column + length]
    return raw == text or (raw[:1] in {"'", '"'} and raw[1:-1] == text)


def revalued(piece: Chunk, value: str, *, key: str | None = None) -> Edit:
    """Return the edit that lets *value* stand behind the key of *piece*, on one line.

    Args:
        key: Another key to stand in the place of that one.
    """
    begin = piece.key
    assert begin is not None, "only what has a key has a value"
    first, *rest = _lines(piece)
    column = begin.spot[1]
    head = f"{first[: _colon(first, piece)]}:" if key is None else f"{' ' * column}{key}:"
    comment, *others = _comments(piece)
    line = f"{head} {value}" + (f"  {comment}" if comment else "")
    return Edit(piece.line, piece.line + 1 + len(rest), (line, *_left(rest, others)))


def removed(piece: Chunk) -> Edit:
    """Return the edit that takes the key of *piece* out, and its value with it."""
    lines = _lines(piece)
    return Edit(piece.line, piece.line + len(lines), tuple(_left(lines, _comments(piece))))


def last_content(piece: Chunk) -> int:
    """Return the last line of *piece* that is neither blank nor only a comment, as the file counts it."""
    lines = _lines(piece)
    value = [number for number, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")]
    return piece.line + value[-1]


def _lines(piece: Chunk) -> list[str]:
    return piece.text.removesuffix("\n").split("\n")


def _left(lines: Iterable[str], comments: Iterable[str]) -> list[str]:
    """Return what is left of *lines* when their values are taken out: blank lines, and comments."""
    left = []
    for line, comment in zip(lines, comments, strict=True):
        if not line.strip():
            left.append(line)
        elif comment:
            left.append(line[: len(line) - len(line.lstrip())] + comment)
    return left


def _comments(piece: Chunk) -> list[str]:
    """Return the comment of each line of *piece*, from its # on; empty where it has none."""
    key = piece.key
    assert key is not None, "only what has a key is changed"
    first, *rest = _lines(piece)
    begin = _colon(first, piece) + 1
    if _BLOCK.match(first, begin):
        # Deeper lines are the text itself, whatever is in them.
        deeper = [line.strip() != "" and len(line) - len(line.lstrip(" ")) > key.spot[1] for line in rest]
        return [_comment(first, begin, "")[0]] + [
            "" if inside else _comment(line, 0, "")[0] for line, inside in zip(rest, deeper, strict=True)
        ]
    found, quote = [], ""
    for line, start in zip((first, *rest), (begin, *(0 for _ in rest)), strict=True):
        comment, quote = _comment(line, start, quote)
        found.append(comment)
    return found


def _comment(line: str, start: int, quote: str) -> tuple[str, str]:
    """Return the comment in *line*, and the quote that is still open at its end."""
    at = start
    while at < len(line):
        letter = line[at]
        if quote:
            if letter == "\\" and quote == '"':
                at += 1
            elif letter == quote:
                quote = ""
        elif letter in "'\"" and (at == 0 or line[at - 1] in _BEFORE_QUOTE):
            quote = letter
        elif letter == "#" and (at == 0 or line[at - 1] in " \t"):
            return line[at:], ""
        at += 1
    return "", quote


def _colon(line: str, piece: Chunk) -> int:
    key = piece.key
    assert key is not None, "only what has a key is changed"
    return line.index(":", key.spot[1] + key.spot[2])
