"""The standard streams as they come: closed, a terminal that takes nothing just now, an encoding that lacks letters."""

from __future__ import annotations

import codecs
import contextlib
import errno
import os
import select
import sys
from typing import IO, Final, TextIO

__all__ = ["forget_if_gone", "prepare_streams", "silence", "takes_text"]

_LETTERS: Final = "aperture-letters"
"""The name under which the codecs of Python know how a letter is written that an encoding lacks."""

_PLAINER: Final = {
    "─": "-", "━": "=", "│": "|", "┃": "|", "·": "-", "…": "...", "→": "->", "←": "<-", "↑": "^", "↓": "v",
    "—": "-", "\N{EN DASH}": "-", "█": "#", "▓": "#", "▒": "+", "░": ".", "▏": "|", "▎": "|", "▍": "|", "▌": "|",
    "▐": "|", "“": '"', "”": '"', "\xa0": " ", "µ": "u",
    "\N{LEFT SINGLE QUOTATION MARK}": "'", "\N{RIGHT SINGLE QUOTATION MARK}": "'",
}  # fmt: skip
"""Characters to draw with, for an encoding that lacks ours."""

_STREAMS: Final = ((0, "stdin", os.O_RDONLY), (1, "stdout", os.O_WRONLY), (2, "stderr", os.O_WRONLY))


def prepare_streams() -> None:
    """Open on the null device each standard stream that the caller has closed, and let no letter stop a line.

    It must be called before any file is opened: the store's file must not become the standard output. A letter that a
    stream's encoding lacks is written as a plainer one where we draw with it, else as its number.
    """
    codecs.register_error(_LETTERS, _plainer)
    for number, name, mode in _STREAMS:
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, mode)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            os.set_inheritable(number, True)  # As the programs that jobs run expect it.
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "r" if number == 0 else "w", encoding="utf-8", closefd=False))
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_LETTERS)


def takes_text(stream: IO[str] | int) -> bool:
    """Return whether *stream* would take a line at once; not a pipe that is full, nor a terminal that Ctrl-S holds."""
    try:
        poll = select.poll()
        poll.register(stream if isinstance(stream, int) else stream.fileno(), select.POLLOUT)
        return any(event & (select.POLLOUT | select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))
    except (OSError, ValueError):  # It is none that the system knows, such as a test's.
        return True


def forget_if_gone(stream: TextIO, error: OSError) -> None:
    """Discard everything written to *stream* from now on, if *error* says that its reader has gone.

    A pipe's reader ends, or a terminal is closed: code that still writes, a handler that prints too, is not to fail for
    that, nor is Python's own last flush.

    Raises:
        OSError: *error*, where it says anything else.
    """
    if error.errno not in {errno.EPIPE, errno.EIO}:
        raise error
    silence(stream)


def silence(stream: TextIO) -> None:
    """Discard everything written to *stream* from now on."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _plainer(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    if all(letter in _PLAINER for letter in letters):
        return "".join(_PLAINER[letter] for letter in letters), error.end
    return codecs.backslashreplace_errors(
        UnicodeEncodeError(error.encoding, error.object, error.start, error.end, error.reason)
    )
