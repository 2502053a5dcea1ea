"""The log of `aperture start` and `aperture run`: the only place where a logging handler is set up."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from aperture_plugin.cli.output import plain, say

__all__ = ["logged"]


@contextmanager
def logged(level: int, write: Callable[[str], None] | None = None) -> Iterator[None]:
    """Write what aperture logs from *level* on, and the warnings of everybody else, while the block lasts.

    Args:
        write: Takes each line; None for stderr.
    """
    handler = _Handler(write or _to_stderr)
    root, ours = logging.getLogger(), logging.getLogger("aperture")
    before = ours.level
    root.addHandler(handler)
    ours.setLevel(level)
    try:
        yield
    finally:
        root.removeHandler(handler)
        ours.setLevel(before)


class _Handler(logging.Handler):
    def __init__(self, write: Callable[[str], None]) -> None:
        super().__init__()
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        try:
            at = datetime.fromtimestamp(record.created).astimezone()
            said = record.getMessage()
            if record.exc_info:
                said = f"{said}\n{logging.Formatter().formatException(record.exc_info)}"
            self._write(f"{at.isoformat(timespec='milliseconds')} {record.levelname:7} {plain(said)}")
        except Exception:  # noqa: BLE001  # a line that cannot be written must not end what it tells of
            self.handleError(record)


def _to_stderr(line: str) -> None:
    say(line, err=True)
