"""Names of jobs, and of the queues, limits and presets that are named in the same way."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from aperture_plugin.words.homoglyphs import plain_letters
from aperture_plugin.words.parse_error import Unreadable, offers_what_reads, quoted, read_part
from aperture_plugin.words.tokens import Piece, words_of

__all__ = ["JOB_NAME", "LONGEST_NAME", "read_job_name", "read_job_names"]

LONGEST_NAME: Final = 64
JOB_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""The pattern of a name (DESIGN.md, section 2); use `fullmatch`."""

_EXAMPLE: Final = "library-scan, database-backup"
_ODD: Final = re.compile(r"[^A-Za-z0-9._-]")
_ENDS: Final = frozenset({"completes", "completed", "ends", "ended", "finishes", "finished", "has", "is", "succeeds"})
_RULE: Final = "a name has letters, digits, dots, dashes and underscores, begins with a letter or digit"


@offers_what_reads
def read_job_name(text: str) -> str:
    """Return the job name that *text* is; case counts.

    Raises:
        Unreadable: `bad-job-name`, at the first character that no name has.
    """
    if JOB_NAME.fullmatch(text):
        return text
    hint = f"{_RULE}, and is at most {LONGEST_NAME} characters long"
    if not text.strip():
        raise Unreadable("nothing-written", "no name is written", hint)
    if len(text) > LONGEST_NAME:
        message = f"{quoted(text)} is {len(text)} characters long"
        raise Unreadable("bad-job-name", message, hint, start=LONGEST_NAME, length=len(text) - LONGEST_NAME)
    odd = _ODD.search(text)
    place = 0 if odd is None else odd.start()
    instead = _ODD.sub("-", _without_accents(text.strip())).strip("._-")
    raise Unreadable(
        "bad-job-name",
        f"{quoted(text)} is not a job's name: it {'has' if odd else 'begins with'} {quoted(text[place])}",
        f"{hint}; write {instead}" if JOB_NAME.fullmatch(instead) else hint,
        start=place,
        instead=instead or None,
    )


@offers_what_reads
def read_job_names(text: str) -> tuple[str, ...]:
    """Return the job names of a list joined by commas or `and`, in the order written, each once.

    A job may itself be called `and`: right before a comma or the end the word is a name.

    Raises:
        Unreadable: One of them cannot be a name, or one is missing.

    >>> read_job_names("scan, and backup"), read_job_names("scan, and")
    (('scan', 'backup'), ('scan', 'and'))
    """
    words = words_of(text)
    if not words:
        raise Unreadable(
            "nothing-written", "no job is named", f"expected the name of a job, or several such as {_EXAMPLE}"
        )
    names: dict[str, None] = {}
    due = True
    for place, word in enumerate(words):
        ends = place + 1 == len(words) or words[place + 1].text == ","
        if word.key == "and" and not (due and ends):
            if due and (place == 0 or words[place - 1].text != ","):
                raise _missing("before", word)
            due = True
        elif word.text == ",":
            if due:
                raise _missing("before", word)
            due = True
        elif due:
            names[read_part(text, word.start, word.end, read_job_name)] = None
            due = False
        else:
            raise _unjoined(text, words[place - 1], word)
    if due:
        raise _missing("after", words[-1])
    return tuple(names)


def _without_accents(text: str) -> str:
    """Return *text* in letters that names may have; an empty text if some of its letters have no such form."""
    apart = unicodedata.normalize("NFKD", plain_letters(text).replace("ß", "ss"))
    plain = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return plain if plain.isascii() else ""


def _missing(where: str, joint: Piece) -> Unreadable:
    return Unreadable(
        "missing-item",
        f"a job is missing {where} {quoted(joint.text)}",
        f'join several with a comma or "and", as in {_EXAMPLE}',
        start=joint.start,
        length=len(joint.text),
    )


def _unjoined(text: str, before: Piece, word: Piece) -> Unreadable:
    return Unreadable(
        "unjoined-items",
        f"nothing joins {quoted(before.text)} and {quoted(word.text)}",
        f'join several with a comma or "and", as in {_EXAMPLE}',
        start=word.start,
        length=len(word.text),
        instead=text[: before.end] if word.key in _ENDS else f"{text[: before.end]}, {text[word.start :]}",
    )
