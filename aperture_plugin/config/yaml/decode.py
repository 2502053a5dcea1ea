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

__all__ = ["LARGEST", "MOST_LINES", "DecodedText", "decode"]

LARGEST: Final = 16 * 1024 * 1024
"""Bytes; a file of 100,000 jobs is smaller."""

MOST_LINES: Final = 1_000_000
"""Ten for each of 100,000 jobs."""

_BOMS: Final = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
_HEAD: Final = 4096
# The bytes, of four in a row, that are zero where letters of English are written in another encoding.
_ZEROS: Final[dict[tuple[bool, ...], str]] = {
    (False, True, True, True): "UTF-32",
    (True, True, True, False): "UTF-32",
    (False, True, False, True): "UTF-16",
    (True, False, True, False): "UTF-16",
}
# All that strictyaml refuses, and beyond that: other line ends than LF and CRLF, a byte order mark inside, and
# characters that turn the direction of the text around them.
_UNSEEN: Final = re.compile(
    "[^\t\n\x20-\x7e\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]+"
)
_SEEN_ASCII: Final = bytes((9, 10, *range(32, 127)))
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_MOST_TOLD: Final = 20
_BEGINNING: Final = 64 * 1024
_SAVE: Final = "save it as UTF-8; most editors offer this under “Save as”"


@dataclass(frozen=True, slots=True)
class DecodedText:
    """A text that can be read, as far as it is one.

    Attributes:
        written: The text as it was written.
        text: The same with LF as the only line end, without a byte order mark, and with a visible stand-in for every
            character that may not be there.
    """

    written: str
    text: str


def decode(content: str | bytes, problems: Problems) -> DecodedText | None:
    """Return the text of a file; None if it cannot be read at all, which *problems* then tell.

    A character that may not stand in a file is reported, and its line muted: whatever else is wrong there comes of it.
    """
    size = len(content)
    if isinstance(content, str) and size <= LARGEST and not content.isascii():
        size = len(content.encode("utf-8", "replace"))
    if size > LARGEST:
        # A reader of the disk stops soon after the largest size, so that the rest is not known.
        problems.add(
            "file-too-large",
            at=Place(1, 1),
            message=f"the file has more than {LARGEST // 1024 // 1024} MiB",
            hint="expected less: a file of 100,000 jobs is smaller; is it the right file?",
        )
        return None
    if isinstance(content, bytes):
        other = _other_encoding(content)
        if other is not None:
            problems.add("wrong-encoding", at=Place(1, 1), message=f"the file is written in {other}", hint=_SAVE)
            return None
        # A byte that is not UTF-8 becomes a character that may not be there, and is reported with the others.
        content = content.decode("utf-8", "surrogateescape")
    text = content.removeprefix("\ufeff").replace("\r\n", "\n")
    lines = text.count("\n")
    if lines > MOST_LINES:
        hint = f"expected at most {MOST_LINES:,}; is it the right file?"
        problems.add("file-too-large", at=Place(1, 1), message=f"the file has {lines:,} lines", hint=hint)
        return None
    odd = text.encode("ascii").translate(None, _SEEN_ASCII) if text.isascii() else _UNSEEN.search(text)
    if not odd:
        return DecodedText(content, text)
    if not _tell_unseen(text, problems):
        # This is no text. Its beginning may still say where the state is, and all other problems come of this one.
        problems.mute(range(1, len(text) + 2))
        content, text = content[:_BEGINNING], text[:_BEGINNING]
    return DecodedText(
        _SURROGATES.sub("\ufffd", content), _UNSEEN.sub(lambda found: "\ufffd" * len(found.group()), text)
    )


def _other_encoding(content: bytes) -> str | None:
    """Return the encoding that *content* is written in, if its mark or its zeros show that it is not UTF-8."""
    marked = next((name for mark, name in _BOMS.items() if content.startswith(mark)), None)
    if marked is not None:
        return marked
    head = content[:_HEAD]
    zeros = tuple(head[place::4].count(0) > len(head) // 8 for place in range(4))
    return _ZEROS.get(zeros)


def _tell_unseen(text: str, problems: Problems) -> bool:
    """Report of the characters that may not be there, and mute their lines; return whether there are only a few."""
    line, start = 1, 0
    lines = set()
    for shown, found in enumerate(_UNSEEN.finditer(text)):
        line += text.count("\n", start, found.start())
        start = found.start()
        lines.add(line)
        at = Place(line, start - text.rfind("\n", 0, start), len(found.group()))
        if shown == _MOST_TOLD:
            hint = "expected a text file in UTF-8; is it the right file?"
            problems.add("not-a-text", at=at, message="the file has many characters that are not text", hint=hint)
            return False
        code, message, hint = _fault_of(found.group()[0])
        problems.add(code, at=at, message=message, hint=hint)
    problems.mute(lines)
    return True


def _fault_of(character: str) -> tuple[str, str, str]:
    number = ord(character)
    if 0xDC80 <= number <= 0xDCFF:
        return "not-utf-8", f"the byte 0x{number - 0xDC00:02X} is not UTF-8 text", _SAVE
    if character in "\r\x85\u2028\u2029":
        name = "a lone carriage return" if character == "\r" else f"the character U+{number:04X}"
        return "odd-line-end", f"{name} ends this line", "save the file with LF or CRLF as its line ends"
    name = unicodedata.name(character, "a control character")
    hint = "delete it"
    if unicodedata.category(character) == "Cf":
        hint += f'; if the text needs it, write it as an escape within double quotes: "\\u{number:04X}"'
    return "unseen-character", f"there is a character that cannot be seen: U+{number:04X}, {name}", hint
