"""The file cut where it can be cut: at its sections, its presets, its jobs.

A piece is a key with all lines that belong to it. Each is read by itself, so that a fault in one costs that
one, an unchanged one is not read again, and strictyaml's slow scanner is only ever asked about a single
value. A mapping whose pieces are all accepted is accepted: a text that runs on past its own indentation, the only
thing a cut could tear apart, is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from aperture_plugin.config.schema import hints
from aperture_plugin.config.schema.parsed_values import FAULTY, Fault, ParsedValue, duplicate, moved
from aperture_plugin.config.schema.schema_types import Keys, Named, PhraseOr, Shape
from aperture_plugin.config.schema.validate import misnamed, parsed_by
from aperture_plugin.config.yaml.nodes import TOO_LONG, TOO_MUCH, Doubt, Mapping, Node, Scalar, YamlRefused
from aperture_plugin.config.yaml.yaml_subset import compose, key_on

__all__ = ["Chunk", "ChunkWords", "Scanner", "cut", "read_piece", "strayed"]

_CONTENT: Final = re.compile(r"^( *)[^ #\n]", re.MULTILINE)
_ONLY_COMMENT: Final = re.compile(r"\s*:\s+(#[^\s#].*?)\s*$")
_QUOTED_OR_COMMENT: Final = re.compile(r"""'[^'\n]*'|"(?:[^"\\\n]|\\.)*"|(?:^|\s)\#[^\n]*""", re.MULTILINE)
_KEY_OR_ITEM: Final = re.compile(r"\s*(?:[^\s#'\"\[\]{},][^#'\"\[\]{},\n]*?:(?:\s|$)|-(?:\s|$))")
_LONGEST_LIST: Final = 1000
"""The most lines of a list in brackets that may begin in any column."""
_COMPLEX_KEY: Final = re.compile(r" *[?:](?:[ \n]|$)")


_COST_OF_ASKING: Final = 30
"""Cost of a lookup beside the text itself, in characters."""


class Scanner:
    """strictyaml's scanner, with so much patience for one file and no more.

    What a person writes needs a small part of it. Without a bound, 16 MiB of rare forms would take minutes.
    """

    PATIENCE: Final = 1024 * 1024
    """Characters of one file that are scanned at most; some four seconds, and twice as long on a busy machine. That
    is a doubtful value of 75 characters in each of 10,000 jobs."""
    LONGEST: Final = 64 * 1024
    """Characters that are scanned at most at one time."""

    def __init__(self) -> None:
        self._left = self.PATIENCE

    def scan(self, text: str, depth: int = 0) -> Node | None:
        """Return what *text* says, as `scan` does.

        Raises:
            Refused: As `scan`; or there is no patience left for it.
        """
        cost = len(text) + _COST_OF_ASKING
        if cost > min(self._left, self.LONGEST):
            raise YamlRefused(TOO_LONG, (0, 0, 1))
        self._left -= cost
        from aperture_plugin.config.yaml.strictyaml_fallback import (
            scan,  # strictyaml takes as long to load as a small file to read
        )

        return scan(text, depth)


@dataclass(slots=True, eq=False)
class Chunk:
    """A key and what belongs to it.

    Attributes:
        text: Whole lines.
        line: The first of them in the file, from 0.
        astray: Number of columns from the key to the first key of the mapping it was cut from; 0 where it should be.
    """

    text: str
    line: int
    astray: int = 0

    @property
    def key(self) -> Scalar | None:
        """The key that the piece begins with; None if it does not begin with one."""
        return key_on(self.text.partition("\n")[0])

    @property
    def body(self) -> Chunk | None:
        """The lines below the key, if all that belongs to it stands there and is indented deeper; else None."""
        first, _, rest = self.text.partition("\n")
        key = key_on(first)
        if key is None or not _stands_alone(first, key):
            return None
        content = _CONTENT.search(rest)
        if content is None or content.end(1) - content.start(1) <= key.spot[1]:
            return None
        return Chunk(rest, self.line + 1)


class ChunkWords(NamedTuple):
    """The values of a piece, and its faults; places are relative to the piece."""

    values: dict[str, ParsedValue]
    findings: list[Fault]


def cut(piece: Chunk) -> Iterator[Chunk]:
    """Cut the lines of a mapping before each of its keys; what stands before the first is left out.

    A key that stands before the column of the first is `astray`. Lines that begin no key are left with the one above.
    """
    text = piece.text
    content = _CONTENT.search(text)
    if content is None:
        return
    begin = content.start()
    column = content.end(1) - begin
    line = piece.line + text.count("\n", 0, begin)
    astray, closes, hopeless = 0, begin, begin
    for found in _next_key(column).finditer(text, begin):
        end = found.start() + 1
        if end >= max(closes, hopeless):
            closes = _list_closes(text, begin, end)
            if closes < end:
                hopeless = -closes
        if end < closes:
            continue  # The line is one of a list in brackets, whose lines may begin in any column.
        yield Chunk(text[begin:end], line, astray)
        line += text.count("\n", begin, end)
        begin = end
        astray = column - (found.end() - end)
    yield Chunk(text[begin:], line, astray)


def _list_closes(text: str, begin: int, end: int) -> int:
    """Return where the line ends that closes the list left open by *text* from *begin* to *end*; *end* for none.

    Where it is still open after very many lines, the place of the last of them is returned, as a negative number.
    A line that is a key, or an item of a list below, is none of a list in brackets: there its bracket was forgotten.
    """
    if text.find("[", begin, end) < 0:
        return end
    piece = _QUOTED_OR_COMMENT.sub("", text[begin:end])
    depth = piece.count("[") - piece.count("]")
    if depth <= 0:
        return end
    place = end
    for _ in range(_LONGEST_LIST):
        line_end = text.find("\n", place)
        line = text[place:] if line_end < 0 else text[place:line_end]
        if (not line and line_end < 0) or _KEY_OR_ITEM.match(line):
            return end
        line = _QUOTED_OR_COMMENT.sub("", line)
        depth += line.count("[") - line.count("]")
        if depth <= 0:
            return len(text) if line_end < 0 else line_end
        if line_end < 0:
            return end
        place = line_end + 1
    return -place


def strayed(piece: Chunk) -> list[Fault]:
    """Return what is wrong with the column that *piece* begins in."""
    if not piece.astray:
        return []
    first = piece.text.partition("\n")[0]
    column = len(first) - len(first.lstrip(" "))
    return [
        Fault(
            "bad-indentation",
            (0, column, max(1, len(first.strip()))),
            f"the line begins in column {column + 1}, the ones it belongs to in column {column + piece.astray + 1}",
            "keys that belong together begin in the same column",
        )
    ]


def read_piece(shape: Keys | Named, text: str, depth: int, scanner: Scanner) -> ChunkWords:
    """Return what the piece *text* says as a part of what *shape* describes.

    Args:
        shape: The shape of the mapping that the piece was cut from.
        depth: Number of lists and mappings that mapping stands in.
        scanner: Asked about values that are in doubt.
    """
    try:
        node = compose(text, depth)
    except Doubt as doubt:
        return _read_in_parts(shape, text, depth, scanner, doubt)
    assert node is not None
    words = _walked(shape, node)
    if words.findings:
        words.findings[:] = [_commented(finding, text) for finding in words.findings]
    return words


def _walked(shape: Keys | Named, node: Mapping) -> ChunkWords:
    parsed, findings = parsed_by(shape, node, Scalar("", node.spot))
    return ChunkWords({} if parsed is None else parsed.value, findings)


def _commented(finding: Fault, text: str) -> Fault:
    """Return *finding*, explained better if nothing stands behind a key because a # begins its value."""
    if finding.code != "empty-value":
        return finding
    line, column, length = finding.spot
    found = _ONLY_COMMENT.match(text.split("\n")[line], column + length)
    if found is None:
        return finding
    hint = "what begins with # is a comment; a value that does needs quotes"
    key = text.split("\n")[line][column : column + length]
    return finding._replace(hint=f"{hint}\nWrite:  {hints.line(key, found[1])}")


def _read_in_parts(shape: Keys | Named, text: str, depth: int, scanner: Scanner, doubt: Doubt) -> ChunkWords:
    """Read a piece that is in doubt: cut further where that is possible, else by strictyaml."""
    whole = Chunk(text, 0)
    key, body = whole.key, whole.body
    inner = None if key is None else _behind(shape, key.text)
    if key is None or body is None or inner is None or doubt.certain == TOO_MUCH:
        return _scanned(shape, text, depth, scanner, doubt)
    findings = misnamed(shape, key)
    if findings:
        return ChunkWords({}, findings)
    values: dict[str, ParsedValue] = {}
    lost = False
    for part in cut(body):
        words = read_piece(inner, part.text, depth + 1, scanner)
        for finding in (*strayed(part), *words.findings):
            findings.append(finding._replace(spot=moved(finding.spot, part.line)))
        if not words.values and isinstance(inner, Keys) and "schedule" in inner.keys:
            # A line of a job is lost, and its part of the schedule is unknown.
            lost = True
        for name, value in words.values.items():
            here = value.moved(part.line)
            if name in values:
                findings.append(duplicate(name, here.key, values[name].key))
            else:
                values[name] = here
    if lost:
        values["schedule"] = ParsedValue(FAULTY, key.spot, key.spot)
    return ChunkWords({key.text: ParsedValue(values, key.spot, key.spot)}, findings)


def _scanned(shape: Keys | Named, text: str, depth: int, scanner: Scanner, doubt: Doubt) -> ChunkWords:
    node: Node | None = None
    if doubt.certain:
        refused = YamlRefused(doubt.certain, (doubt.line, doubt.column, 1))
    elif _COMPLEX_KEY.match(text):
        refused = YamlRefused("complex key", (0, len(text) - len(text.lstrip(" ")), 1))
    else:
        try:
            node = scanner.scan(text, depth)
            refused = YamlRefused("not a mapping", (0, 0, 1) if node is None else node.spot)
        except YamlRefused as problem:
            refused = problem
    if isinstance(node, Mapping):
        return _walked(shape, node)
    key = Chunk(text, 0).key
    known = key is not None and (isinstance(shape, Named) or key.text in shape.keys)
    from aperture_plugin.config.yaml.syntax_errors import explain_refusal  # a file without a fault is read without it

    fault = explain_refusal(text, refused, () if isinstance(shape, Named) else tuple(shape.keys))
    return ChunkWords({key.text: ParsedValue(FAULTY, key.spot, key.spot)} if key and known else {}, [fault])


def _behind(shape: Keys | Named, key: str) -> Keys | Named | None:
    """Return what *shape* wants behind *key*, if it is again a mapping of ours."""
    inner: Shape | None = shape.keys.get(key) if isinstance(shape, Keys) else shape.value
    if isinstance(inner, PhraseOr):
        inner = inner.keys
    return inner if isinstance(inner, Keys | Named) else None


def _stands_alone(line: str, key: Scalar) -> bool:
    rest = line[key.spot[1] + key.spot[2] :].lstrip(" ")[1:]
    return not rest.strip(" ") or (rest.lstrip(" ").startswith("#") and rest.startswith(" "))


@lru_cache(maxsize=64)
def _next_key(column: int) -> re.Pattern[str]:
    """Return what finds the line end before a line that begins a key, at *column* or before it."""
    return re.compile(rf"\n {{0,{column}}}+(?=[^ \t#\n\]])(?![-:](?:[ \n]|$))")
