"""Output to the terminal: results to stdout, the rest to stderr; text for people, JSON for programs."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TextIO

from aperture_plugin.cli.standard_streams import forget_if_gone, silence
from aperture_plugin.words.plain_text import plain_json, plain_output

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

__all__ = [
    "TEXT",
    "can_draw",
    "console",
    "flush",
    "hide",
    "in_color",
    "is_terminal",
    "json_pieces",
    "masked",
    "say",
    "show_json",
    "show_rich",
    "terminal_width",
]

TEXT: Final = "text"
_AS_WIDE_AS_NEEDED: Final = 100_000
_hidden: Final[dict[str, None]] = {}
"""Secrets that this one command has met: a process of the command line reads one file and ends."""


def hide(secrets: Iterable[str]) -> None:
    """Mask *secrets* in all that this process writes to stderr from now on, beside those of its environment."""
    _hidden.update(dict.fromkeys(secrets))


def say(text: str, *, err: bool = False) -> None:
    """Write a line. A reader that has gone, as `head` goes, is no error: what follows is written to nobody."""
    stream = _standing(err=err)
    if err:
        text = masked(text)
    try:
        stream.write(f"{plain_output(text)}\n")
        if err:
            stream.flush()
    except OSError as error:
        if err:
            silence(stream)  # A fault in what is written beside the answer changes no answer.
        else:
            forget_if_gone(stream, error)


def masked(text: str) -> str:
    """Return *text* without the secrets of the environment and those that `hide` was given."""
    from aperture_plugin.words.mask import mask_of_environment

    return mask_of_environment(os.environ, tuple(_hidden))(text)


def show_json(value: Any) -> None:
    """Write *value* as JSON to stdout."""
    # Letters that this terminal's encoding lacks would not be JSON any more once they were replaced.
    every_letter = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    stream = _standing(err=False)
    try:
        stream.writelines(map(plain_json, json_pieces(value, ascii_only=not every_letter)))
        stream.write("\n")
    except OSError as error:
        forget_if_gone(stream, error)


def json_pieces(value: Any, *, ascii_only: bool, line: str = "\n") -> Iterator[str]:
    """Yield *value* as `json.dumps` writes it with `indent=2`, in pieces.

    Its indenting encoder takes ten times as long as the other one, and all that it writes has to be held at once. What
    holds only plain values is left to the other one, which then puts a line's end between them.

    Args:
        value: Keys of its mappings are texts.
        line: The beginning of the line that the value ends in.

    >>> "".join(json_pieces({"a": [1, 2]}, ascii_only=True)) == json.dumps({"a": [1, 2]}, indent=2)
    True
    """
    inner = f"{line}  "
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    encode = _encoder(f",{inner}", ascii_only).encode
    if not inside:
        yield encode(value)
    elif not any(isinstance(each, dict | list | tuple) and each for each in inside):
        text = encode(value)
        yield f"{text[0]}{inner}{text[1:-1]}{line}{text[-1]}"
    else:
        keys = [f"{encode(key)}: " for key in value] if isinstance(value, dict) else [""] * len(value)
        begin, end = "{}" if isinstance(value, dict) else "[]"
        for key, each in zip(keys, inside, strict=True):
            yield f"{begin}{inner}{key}"
            yield from json_pieces(each, ascii_only=ascii_only, line=inner)
            begin = ","
        yield f"{line}{end}"


def show_rich(*renderables: RenderableType) -> None:
    """Write tables and styled text to stdout: in color on a terminal, plain and unbroken elsewhere."""
    here = console()
    with here.capture() as capture:
        for renderable in renderables:
            here.print(renderable)
    # A cell's padding at the end of a line is nothing that anybody wants to select or compare.
    for line in capture.get().splitlines():
        say(line.rstrip())


def console(*, err: bool = False) -> Console:
    """Return a console on stdout or stderr; where that is no terminal, lines are as long as they need to be."""
    from rich.console import Console

    stream = sys.stderr if err else sys.stdout
    width = None if is_terminal(stream) or "COLUMNS" in os.environ else _AS_WIDE_AS_NEEDED
    return Console(
        file=stream,
        highlight=False,
        emoji=False,
        markup=False,
        width=width,
        soft_wrap=False,
        force_terminal=is_terminal(stream) or in_color(stream),
        no_color=not in_color(stream),
    )


def is_terminal(stream: TextIO | None = None) -> bool:
    """Return whether a person looks at *stream* (stdout if it is not given) as it is written."""
    try:
        return (stream or sys.stdout).isatty()
    except ValueError:  # It is closed.
        return False


def can_draw(stream: TextIO | None = None) -> bool:
    """Return whether *stream* (stdout by default) is a terminal on which a picture can be drawn over the last one."""
    return is_terminal(stream) and os.environ.get("TERM") not in {None, "", "dumb", "unknown"}


def in_color(stream: TextIO | None = None) -> bool:
    """Return whether *stream* (stdout by default) wants colors.

    A terminal does, and with FORCE_COLOR whatever there is; NO_COLOR takes precedence over both.
    """
    if os.environ.get("NO_COLOR"):
        return False
    forced = os.environ.get("FORCE_COLOR")
    if forced:
        return forced != "0"
    return can_draw(stream)


def terminal_width() -> int | None:
    """Return how many columns stdout has; None where it is no terminal and nobody has set COLUMNS."""
    if is_terminal() or "COLUMNS" in os.environ:
        return shutil.get_terminal_size().columns
    return None


def flush() -> None:
    """Write what is still held back; nobody may be reading any more.

    Raises:
        OSError: It cannot be written, as on a disk that is full.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:
            forget_if_gone(stream, error)
        except ValueError:
            pass  # It is closed already: there is nothing left to write to.


@lru_cache(maxsize=64)
def _encoder(between: str, ascii_only: bool) -> json.JSONEncoder:
    return json.JSONEncoder(ensure_ascii=ascii_only, separators=(between, ": "))


def _standing(*, err: bool) -> TextIO:
    """Return stdout or stderr, opened anew if a handler in this process has closed it under us."""
    stream = sys.stderr if err else sys.stdout
    if not stream.closed:
        return stream
    # Only Python's own view of it was closed.
    number, kept = (2, "stderr") if err else (1, "stdout")
    anew = os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
    setattr(sys, kept, anew)
    return anew
