"""The YAML that people write, read fast and with exact places; whatever else there is, is in doubt.

strictyaml's scanner takes some 15 µs for every character. Nearly all of a schedules.yaml is plain: keys and
values on lines of their own, lists, quotes, comments, now and then a text over several lines. That much is
read here, line by line and never backwards. Wherever the text leaves this narrow way, right or wrong, a
`Doubt` is raised and strictyaml decides (`scanning`). So this module may know less than YAML, but what it
reads must be what strictyaml would read: a property test with mutated files holds it to that.
"""

from __future__ import annotations

import re
from typing import Final

from aperture_plugin.config.yaml.nodes import (
    DEEPEST,
    MOST,
    MOST_IN_ALL,
    NOWHERE,
    TOO_DEEP,
    TOO_MUCH,
    Doubt,
    Mapping,
    Node,
    Scalar,
    Sequence,
    Spot,
)
from aperture_plugin.config.yaml.yaml_scalars import Unknown, folded, folded_lines, unescaped

__all__ = ["compose", "key_on"]

# No pattern here can take a character in two ways: looking back is in vain, and a line takes time in proportion to its
# length. Only single characters are repeated possessively: of a group, Python before 3.11.5 then takes too much
# (https://github.com/python/cpython/issues/106052). A group is repeated only so often: each time costs some 100 bytes,
# and a line may have millions of words. Only the space is a space; a tab outside of quotes and comments is left to
# strictyaml.
_FIRST: Final = r"""(?:[^ \t\-?:,\[\]{}#&*!|>'"%@`]|-(?=[^ \t]))"""
_PLAIN: Final = re.compile(_FIRST)
_PLAIN_ENDS: Final = re.compile(r"\t|:(?=[ \t]|$)| (?=[#\t]|$)")
_KEY: Final = re.compile(
    rf"({_FIRST}(?:[^ :\t]++|:(?=[^ \t])|\ ++(?=[^ #\t:]|:[^ \t])){{0,1000}}"
    r"|'(?:[^']++|''){0,1000}'|\"(?:[^\"\\]++|\\.){0,1000}\")\ *:(?:\ +|$)"
)
_QUOTED: Final = {
    "'": re.compile(r"'((?:[^']++|''){0,60000})'(?!')"),
    '"': re.compile(r'"((?:[^"\\]++|\\.){0,60000})"'),
}
_END: Final = re.compile(r" *(?:(?<= )#.*)?$")
_ITEM: Final = re.compile(r"-(?: +|$)")
_IN_LIST: Final = re.compile(
    r"""(?:[^ \t\-?:,\[\]{}#&*!|>'"%@`]|-(?=[^ \t,\[\]{}]))"""
    r"(?:[^ :\t,\[\]{}]+|:(?=[^ \t,\[\]{}])| +(?=[^ #\t,\[\]{}:])){0,60000}"
)
_HEADER: Final = re.compile(r"([|>])(?:([+-])?([1-9])?|([1-9])([+-]))(?: +#.*| *)$")
_DOCUMENT: Final = re.compile(r"^(?:---|\.\.\.)(?:[ \t]|$)", re.MULTILINE)
_LONGEST_KEY: Final = 1000


def compose(text: str, depth: int = 0) -> Mapping | None:
    """Return the mapping that *text* is; None if there is nothing in it.

    Args:
        text: Whole lines, LF between them.
        depth: Number of lists and mappings *text* stands in.
    Raises:
        Doubt: It is something else, or not plain enough.

    >>> compose("type: daily").pairs[0][1].spot
    (0, 6, 5)
    """
    marked = _DOCUMENT.search(text)
    if marked is not None:
        raise Doubt(text.count("\n", 0, marked.start()))
    reader = _LineReader(text.split("\n"))
    column = reader.next_column()
    if column < 0:
        return None
    node = reader.mapping(column, column, depth + 1)
    if reader.next_column() >= 0:
        raise Doubt(reader.at)
    return node


def key_on(line: str) -> Scalar | None:
    """Return the key that *line* begins with; None if it begins with something else, or in doubt.

    >>> key_on("  type: daily").spot
    (0, 2, 4)
    """
    start = len(line) - len(line.lstrip(" "))
    found = _KEY.match(line, start)
    if found is None:
        return None
    try:
        return _LineReader([line]).key(found, start)
    except Doubt:
        return None


def _end_of_plain(line: str, start: int) -> int:
    """Return where a text without quotes ends that begins at *start*: before a comment, or what cannot be in it."""
    found = _PLAIN_ENDS.search(line, start)
    if found is None:
        return len(line)
    end = found.start()
    return end if line[end - 1] != " " else start + len(line[start:end].rstrip(" "))


class _LineReader:
    """Goes down the lines once; `at` is the line it has come to."""

    __slots__ = ("at", "count", "lines", "room")

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.count = len(lines)
        self.at = 0
        self.room = MOST_IN_ALL

    def next_column(self) -> int:
        """Go to the next line that says something and return its first column; -1 at the end."""
        lines, at = self.lines, self.at
        while at < self.count:
            line = lines[at]
            text = line.lstrip(" ")
            if text and text[0] != "#":
                self.at = at
                return len(line) - len(text)
            at += 1
        self.at = at
        return -1

    def mapping(self, column: int, start: int, depth: int) -> Mapping:
        """Read a mapping whose keys stand at *column*; the first begins at *start* of this line."""
        if depth > DEEPEST:
            raise Doubt(self.at, start, TOO_DEEP)
        pairs: list[tuple[Scalar, Node]] = []
        while True:
            line = self.lines[self.at]
            found = _KEY.match(line, start)
            if found is None:
                raise Doubt(self.at)
            key = self.key(found, start)
            pairs.append((key, self._behind(found.end(), column, depth, key)))
            if len(pairs) > MOST:
                raise Doubt(self.at - 1, column, TOO_MUCH)
            following = self.next_column()
            if following != column:
                if following > column:
                    raise Doubt(self.at)
                self._take(len(pairs), pairs[0][0].spot)
                return Mapping(pairs, pairs[0][0].spot)
            start = column

    def _take(self, values: int, spot: Spot) -> None:
        self.room -= values
        if self.room < 0:
            raise Doubt(spot[0], spot[1], TOO_MUCH)

    def key(self, found: re.Match[str], start: int) -> Scalar:
        """Return the key that *found*, a match of `_KEY`, is."""
        written = found[1]
        length = len(written)
        if length > _LONGEST_KEY:
            raise Doubt(self.at)
        if written[0] not in "'\"":
            return Scalar(written, (self.at, start, length))
        return self._unquoted(written, start)

    def _behind(self, start: int, column: int, depth: int, key: Scalar) -> Node:
        """Read what stands behind a key, or behind a dash, of a block at *column*: here, or on the lines below."""
        line = self.lines[self.at]
        if start < len(line) and line[start] != "#":
            return self._inline(line, start, column, depth)
        if start < len(line) and line[start - 1] != " ":
            raise Doubt(self.at)
        empty = key.spot
        self.at += 1
        below = self.next_column()
        if below < column or (below == column and (not key.text or not self._is_item(below))):
            return Scalar("", empty)
        return self._block(below, column, depth)

    def _is_item(self, column: int) -> bool:
        return _ITEM.match(self.lines[self.at], column) is not None

    def _block(self, start: int, column: int, depth: int) -> Node:
        """Read the node that begins at *start* of this line, within a block at *column*."""
        line = self.lines[self.at]
        if _ITEM.match(line, start):
            return self._sequence(start, depth + 1)
        if _KEY.match(line, start):
            return self.mapping(start, start, depth + 1)
        return self._inline(line, start, column, depth)

    def _sequence(self, column: int, depth: int) -> Sequence:
        if depth > DEEPEST:
            raise Doubt(self.at, column, TOO_DEEP)
        items: list[Node] = []
        dash = (self.at, column, 1)
        while True:
            line = self.lines[self.at]
            found = _ITEM.match(line, column)
            if found is None:
                # An indentless list ends where its mapping goes on.
                break
            start = found.end()
            if start < len(line) and line[start] != "#":
                items.append(self._block(start, column, depth))
            else:
                items.append(self._behind(start, column, depth, Scalar("", (self.at, column, 1))))
            if len(items) > MOST:
                raise Doubt(self.at - 1, column, TOO_MUCH)
            following = self.next_column()
            if following != column:
                if following > column:
                    raise Doubt(self.at)
                break
        self._take(len(items), items[0].spot)
        return Sequence(items, items[0].spot if items[0].spot[0] == dash[0] else dash)

    def _inline(self, line: str, start: int, column: int, depth: int) -> Node:
        """Read a value that begins at *start* of *line*, and go to the line after it."""
        first = line[start]
        if first in "'\"":
            return self._quoted(line, start, column)
        if first == "[":
            return self._list(start, column, depth + 1)
        if first in "|>":
            return self._text(line, start, column)
        if _PLAIN.match(line, start) is None:
            raise Doubt(self.at)
        end = _end_of_plain(line, start)
        if end < len(line) and not _END.match(line, end):
            raise Doubt(self.at)
        at = self.at
        self.at = at + 1
        if end == len(line) or line[end:].isspace():
            more = self._continued(column)
            if more is not None:
                return Scalar(folded([line[start:end], *more]), (at, start, end - start), NOWHERE)
        return Scalar(line[start:end], (at, start, end - start))

    def _continued(self, column: int) -> list[str] | None:
        """Return the further lines of a text without quotes, if there are any, and go to the line after them."""
        lines, at = self.lines, self.at
        more: list[str] = []
        taken = 0
        while at < self.count:
            line = lines[at]
            text = line.lstrip(" ")
            if not text:
                more.append("")
                at += 1
                continue
            start = len(line) - len(text)
            if start <= column or text[0] == "#":
                break
            end = _end_of_plain(line, start)
            if not _END.match(line, end):
                raise Doubt(at)
            more.append(line[start:end])
            at += 1
            taken = len(more)
            if "#" in line[end:]:
                break
        if not taken:
            return None
        self.at = at
        return more[:taken]

    def _unquoted(self, written: str, start: int) -> Scalar:
        """Return the text of *written*, which is in quotes and on one line, at *start*."""
        inner = written[1:-1]
        spot = (self.at, start, len(written))
        if written[0] == "'":
            text = inner.replace("''", "'")
        elif "\\" in inner:
            try:
                text = unescaped(inner)
            except Unknown:
                raise Doubt(self.at) from None
        else:
            return Scalar(inner, spot, 1, plain=False)
        return Scalar(text, spot, 1 if text == inner else NOWHERE, plain=False)

    def _quoted(self, line: str, start: int, column: int) -> Scalar:
        found = _QUOTED[line[start]].match(line, start)
        if found is not None:
            if not _END.match(line, found.end()):
                raise Doubt(self.at)
            scalar = self._unquoted(found.group(), start)
            self.at += 1
            return scalar
        return self._quoted_over_lines(line, start, column)

    def _quoted_over_lines(self, line: str, start: int, column: int) -> Scalar:
        quote, first = line[start], self.at
        parts = [line[start + 1 :]]
        at = first + 1
        while at < self.count:
            line = self.lines[at]
            text = line.strip(" \t")
            if text and len(line) - len(line.lstrip(" ")) <= column:
                raise Doubt(at)
            closing = line.replace("''", "\a\a").find(quote) if quote == "'" else line.find(quote)
            if closing >= 0:
                if not _END.match(line, closing + 1):
                    raise Doubt(at)
                parts.append(line[:closing])
                break
            parts.append(line)
            at += 1
        else:
            raise Doubt(first)
        if quote == '"' and any("\\" in part for part in parts):
            # A backslash may join lines or save a space: rare enough to be left alone.
            raise Doubt(first)
        parts = [parts[0].rstrip(" \t"), *(part.strip(" \t") for part in parts[1:-1]), parts[-1].lstrip(" \t")]
        text = folded(parts)
        self.at = at + 1
        return Scalar(text.replace("''", "'") if quote == "'" else text, (first, start, 1), NOWHERE, plain=False)

    def _list(self, start: int, column: int, depth: int) -> Sequence:
        """Read a list in brackets, on one line or on several that are indented deeper than *column*."""
        first = self.at
        items, end = self._list_items(start, column, depth)
        line = self.lines[self.at]
        if not _END.match(line, end):
            raise Doubt(self.at)
        length = end - start if self.at == first else 1
        self.at += 1
        return Sequence(items, (first, start, length))

    def _list_items(self, start: int, column: int, depth: int) -> tuple[list[Node], int]:
        if depth > DEEPEST:
            raise Doubt(self.at, start, TOO_DEEP)
        items: list[Node] = []
        place, may_follow = start + 1, True
        while True:
            line, place = self._within_list(place, column)
            if line[place] == "]":
                self._take(len(items), (self.at, place, 1))
                return items, place + 1
            if not may_follow:
                raise Doubt(self.at)
            if len(items) == MOST:
                raise Doubt(self.at, place, TOO_MUCH)
            item, place = self._list_item(line, place, column, depth)
            items.append(item)
            # Behind an item stands a comma or the end of the list, and on the same line.
            line = self.lines[self.at]
            while place < len(line) and line[place] == " ":
                place += 1
            if line[place : place + 1] not in (",", "]"):
                raise Doubt(self.at)
            may_follow = line[place] == ","
            place += may_follow

    def _list_item(self, line: str, place: int, column: int, depth: int) -> tuple[Node, int]:
        first = line[place]
        if first == "[":
            begin = (self.at, place, 1)
            items, end = self._list_items(place, column, depth + 1)
            return Sequence(items, begin), end
        if first in "'\"":
            found = _QUOTED[first].match(line, place)
            if found is None:
                raise Doubt(self.at)
            return self._unquoted(found.group(), place), found.end()
        found = _IN_LIST.match(line, place)
        if found is None:
            raise Doubt(self.at)
        return Scalar(found.group(), (self.at, place, len(found.group()))), found.end()

    def _within_list(self, place: int, column: int) -> tuple[str, int]:
        """Go to the next character of a list in brackets that is neither space nor comment."""
        line = self.lines[self.at]
        while True:
            while place < len(line) and line[place] == " ":
                place += 1
            if place < len(line) and (line[place] != "#" or line[place - 1] != " "):
                return line, place
            self.at += 1
            if self.at >= self.count:
                raise Doubt(self.at - 1)
            line = self.lines[self.at]
            place = len(line) - len(line.lstrip(" "))
            if place < len(line) and place <= column and not (line[place] == "]" and place == column):
                raise Doubt(self.at)

    def _text(self, line: str, start: int, column: int) -> Scalar:
        """Read a text over several lines, behind | or >."""
        found = _HEADER.match(line, start)
        if found is None:
            raise Doubt(self.at)
        first = self.at
        chomping = found[2] or found[5] or ""
        digit = found[3] or found[4]
        self.at += 1
        leading = self._blank_lines(column + int(digit) if digit else None)
        indent = column + int(digit) if digit else self._indent()
        if indent <= column:
            raise Doubt(first)
        parts, end = self._lines_of_text(indent)
        if not parts:
            raise Doubt(first)
        text = "\n" * leading + (folded_lines(parts) if found[1] == ">" else "\n".join(parts))
        # The last line of a file may lack its line end; the text then lacks it too.
        if chomping != "-" and end < self.count:
            text += "\n"
        if chomping == "+":
            text += "\n" * (min(self.at, self.count - 1) - end)
        return Scalar(text, (first, start, 1), NOWHERE, plain=False)

    def _blank_lines(self, indent: int | None) -> int:
        """Go past blank lines and return how many there were; those that are wider than the text are in doubt."""
        begin = self.at
        widest = 0
        while self.at < self.count - 1 and not self.lines[self.at].strip(" "):
            widest = max(widest, len(self.lines[self.at]))
            self.at += 1
        if widest > (self._indent() if indent is None else indent):
            raise Doubt(begin)
        return self.at - begin

    def _indent(self) -> int:
        line = self.lines[self.at] if self.at < self.count else ""
        return len(line) - len(line.lstrip(" "))

    def _lines_of_text(self, indent: int) -> tuple[list[str], int]:
        """Return the lines of a text, and the line after its last one; go past the blank lines that follow."""
        begin, last = self.at, self.at
        prefix = " " * indent
        while self.at < self.count:
            line = self.lines[self.at]
            if line.startswith(prefix) and len(line) > indent:
                last = self.at + 1
            elif line.strip(" "):
                break
            self.at += 1
        return [line[indent:] for line in self.lines[begin:last]], last
