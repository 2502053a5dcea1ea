"""The log of `aperture start`, `run`, `web` and `worker`: the only place where a logging handler is set up."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from aperture_plugin.cli.log_writer import LogWriter
from aperture_plugin.cli.output import masked
from aperture_plugin.ports import RUN_LOGGER
from aperture_plugin.words.plain_text import plain_lines

__all__ = ["JSON", "logged"]

JSON: Final = "json"
_FIELDS: Final = ("job", "run", "attempt", "status")
"""The fields of a line about a run beside its words."""


@contextmanager
def logged(
    level: int, write: Callable[[str], None] | None = None, *, runs: bool = True, log_format: str | None = None
) -> Iterator[None]:
    """Write what aperture logs from *level* on, and the warnings of everybody else, while the block lasts.

    Lines are written by a thread of their own: a reader that does not keep up, or a terminal that Ctrl-S holds, stops
    neither the loop nor its end.

    Args:
        write: Writes a line to the terminal; None for stderr.
        runs: True if it writes how runs begin and end; not where the command itself shows its run.
        log_format: `json` for an object in each line; else text for people.
    """
    writer = LogWriter(sys.stderr if write is None else sys.stdout, write)
    handler = _Handler(writer.put, _json_line if log_format == JSON else _text_line)
    handler.addFilter(lambda record: not record.name.startswith(f"{RUN_LOGGER}."))  # Runs have logs of their own.
    handler.addFilter(lambda record: runs or not hasattr(record, "run"))
    root, ours = logging.getLogger(), logging.getLogger("aperture")
    before = ours.level
    root.addHandler(handler)
    ours.setLevel(level)
    try:
        yield
    finally:
        root.removeHandler(handler)
        ours.setLevel(before)
        writer.close()


class _Handler(logging.Handler):
    def __init__(self, write: Callable[[str], None], line_of: Callable[[logging.LogRecord], str]) -> None:
        super().__init__()
        self._write = write
        self._line_of = line_of

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._write(masked(self._line_of(record)))
        except Exception:  # noqa: BLE001  # a line that cannot be written must not end what it tells of
            self.handleError(record)


def _text_line(record: logging.LogRecord) -> str:
    trace = _trace(record)
    message = record.getMessage() + (f"\n{trace}" if trace else "")
    return f"{_at(record)} {record.levelname:7} {plain_lines(message)}"


def _json_line(record: logging.LogRecord) -> str:
    line: dict[str, Any] = {"at": _at(record), "level": record.levelname, "logger": record.name}
    line |= {name: getattr(record, name) for name in _FIELDS if hasattr(record, name)}
    line["message"] = masked(record.getMessage())  # JSON doubles the backslashes of a secret that is quoted in it.
    if trace := _trace(record):
        line["traceback"] = masked(trace)
    return json.dumps(line, default=str)


def _at(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created).astimezone().isoformat(timespec="milliseconds")


def _trace(record: logging.LogRecord) -> str:
    if record.exc_text:
        return record.exc_text
    return logging.Formatter().formatException(record.exc_info) if record.exc_info else ""
