"""Jobs whose keys stand on a line each: nearly all of a large file, and each such line is read once.

A line that holds a key and the whole of its value says the same in whichever job it stands, for the line below
cannot go on with it: that begins in the same column. So what it says is remembered by its text. Whatever is
longer, doubtful or wrong is left to `pieces`, which must find the same in what is read here: a property test
holds the two together.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from aperture_plugin.config.doubts import Doubt
from aperture_plugin.config.nodes import Node, Scalar, Sequence
from aperture_plugin.config.plain import compose
from aperture_plugin.config.schema import JOB, JOBS
from aperture_plugin.config.shape import OneOrMany, Reads
from aperture_plugin.config.walking import Said, misnamed, said_by

__all__ = ["job_in_lines"]

_NAME: Final = re.compile(r"( *)([A-Za-z0-9][A-Za-z0-9._-]*):\n")
_SIMPLE: Final = re.compile(
    r"( *)([a-z]+(?: [a-z]+)*): "
    r"(?:(\[[A-Za-z0-9_][A-Za-z0-9._-]*(?:, [A-Za-z0-9_][A-Za-z0-9._-]*)*\])"
    r"|([A-Za-z0-9](?:[A-Za-z0-9._/-]|:(?=[A-Za-z0-9])| (?=[A-Za-z0-9]))*))"
)
_LONGEST: Final = 4096
"""Characters of a job that may be read here; what is remembered of one line is never much more than that."""
_REMEMBERED: Final = 8192
_NOTHING: Final = "", Said(None, (0, 0, 1), (0, 0, 1))
"""What a line says that is blank, or only a comment."""


def job_in_lines(text: str) -> tuple[str, Said] | None:
    """Return the job that the piece *text* is, and what it says; None if that is for `read_piece` to find out.

    >>> name, said = job_in_lines("  scan:\\n    type: daily\\n    time: 2 AM\\n")
    >>> name, list(said.value), said.value["time"].spot
    ('scan', ['type', 'time'], (2, 10, 4))
    """
    begun = _NAME.match(text)
    if begun is None or len(text) > _LONGEST:
        return None
    indent, name = begun.groups()
    words: dict[str, Said] = {}
    first, taken = (0, 0, 0), 0
    for number, line in enumerate(text[begun.end() :].split("\n"), 1):
        found = _key_on(line, number)
        if found is None:
            return None
        key, said = found
        if not key:
            continue
        if not taken:
            first = said.key
        elif said.key[1] != first[1]:
            return None
        taken += 1
        words[key] = said
    at = (0, len(indent), len(name))
    # A key that stands twice is told of by whoever reads the job as a whole.
    if len(words) != taken or first[1] <= len(indent) or misnamed(JOBS, Scalar(name, at)):
        return None
    return name, Said(words, first, at)


@lru_cache(maxsize=_REMEMBERED)
def _key_on(line: str, number: int) -> tuple[str, Said] | None:
    """Return the key on *line*, the piece's line *number*, and what it says; None in doubt or if anything is wrong."""
    pair = _simple(line, number)
    if pair is None:
        try:
            node = compose("\n" * number + line)
        except Doubt:
            return None
        if node is None:
            return _NOTHING
        [pair] = node.pairs
    key, value = pair
    shape = JOB.keys.keys.get(key.text)
    if not isinstance(shape, Reads | OneOrMany):
        return None
    said, findings = said_by(shape, value, key)
    return None if findings or said is None else (key.text, said)


def _simple(line: str, number: int) -> tuple[Scalar, Node] | None:
    """Return key and value of a line of letters, digits and little else; None for others, which take longer to read."""
    found = _SIMPLE.fullmatch(line)
    if found is None:
        return None
    indent, key, listed, text = found.groups()
    column = found.start(3 if text is None else 4)
    begin = Scalar(key, (number, len(indent), len(key)))
    if text is not None:
        return begin, Scalar(text, (number, column, len(text)))
    items: list[Node] = []
    place = column + 1
    for item in listed[1:-1].split(", "):
        items.append(Scalar(item, (number, place, len(item))))
        place += len(item) + 2
    return begin, Sequence(items, (number, column, len(listed)))
