"""Bytes made into text that can be read as a file, or the reason why not.

Everything that a screen does not show, and that could therefore make a file mean other than it looks, is
refused here by name and place: other encodings, control characters, unusual line ends, marks that turn the
direction of the text.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from aperture_plugin.config.problems import Place, Problems

__all__ = ["LARGEST", "Source", "source_of"]

LARGEST: Final = 16 * 1024 * 1024
"""Bytes; a file of 100,000 jobs is smaller."""

_BOMS: Final = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
# What strictyaml refuses, and beyond that: other line ends than LF and CRLF, a byte order mark inside, and
# characters that turn the direction of the text around them.
_UNSEEN: Final = re.compile(
    "[^\t\n\x20-\x7e\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_SEEN_ASCII: Final = bytes((9, 10, *range(32, 127)))
_MOST_TOLD: Final = 20


@dataclass(frozen=True, slots=True)
class Source:
    """A text that is fit to be read.

    Attributes:
        written: The text as it was written.
        text: The same with LF as the only line end, without a byte order mark, and with a visible stand-in for every
            character that may not be there.
    """

    written: str
    text: str


def source_of(content: str | bytes, problems: Problems) -> Source | None:
    """Return the text of a file; None if it cannot be read at all, which *problems* then tell.

    A character that may not stand in a file is told and replaced, so that the rest can still be read.
    """
    size = len(content)
    if isinstance(content, str) and size <= LARGEST and not content.isascii():
        size = len(content.encode("utf-8", "replace"))
    if size > LARGEST:
        problems.add(
            "file-too-large",
            at=Place(1, 1),
            message=f"the file has {size / 1024 / 1024:.1f} MiB",
            hint=f"expected at most {LARGEST // 1024 // 1024} MiB; is it the right file?",
        )
        return None
    written = _decoded(content, problems) if isinstance(content, bytes) else content
    if written is None:
        return None
    text = written.removeprefix("\ufeff").replace("\r\n", "\n")
    odd = text.encode("ascii").translate(None, _SEEN_ASCII) if text.isascii() else _UNSEEN.search(text)
    if not odd:
        return Source(written, text)
    lines = _tell_unseen(text, problems)
    if lines is None:
        return None
    problems.mute(lines)
    return Source(written, _UNSEEN.sub("\ufffd", text))


def _decoded(content: bytes, problems: Problems) -> str | None:
    for mark, name in _BOMS.items():
        if content.startswith(mark):
            problems.add(
                "wrong-encoding",
                at=Place(1, 1),
                message=f"the file is written in {name}",
                hint="save it as UTF-8; most editors offer this under “Save as”",
            )
            return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        problems.add(
            "not-utf-8",
            at=Place(line, column),
            message=f"the byte 0x{content[error.start]:02X} is not UTF-8 text",
            hint="save the file as UTF-8; most editors offer this under “Save as”",
        )
        return None


def _tell_unseen(text: str, problems: Problems) -> set[int] | None:
    """Tell of every character that may not be there, and return their lines; None if there are too many."""
    line, start = 1, 0
    lines = set()
    for told, found in enumerate(_UNSEEN.finditer(text)):
        line += text.count("\n", start, found.start())
        start = found.start()
        lines.add(line)
        at = Place(line, start - text.rfind("\n", 0, start))
        if told == _MOST_TOLD:
            hint = "expected a text file in UTF-8; is it the right file?"
            problems.add("not-a-text", at=at, message="the file has many characters that are not text", hint=hint)
            return None
        code, message, hint = _told(found.group())
        problems.add(code, at=at, message=message, hint=hint)
    return lines


def _told(character: str) -> tuple[str, str, str]:
    if character in "\r\x85\u2028\u2029":
        name = {"\r": "a lone carriage return", "\x85": "a NEL (U+0085)"}.get(character, f"a U+{ord(character):04X}")
        return "odd-line-end", f"{name} ends this line", "save the file with LF or CRLF as its line ends"
    name = unicodedata.name(character, "a control character")
    return (
        "unseen-character",
        f"there is a character that cannot be seen: U+{ord(character):04X}, {name}",
        "delete it; if the text needs it, write it as an escape within double quotes, such as "
        + (f'"\\u{ord(character):04X}"' if ord(character) < 0x10000 else f'"\\U{ord(character):08X}"'),
    )
