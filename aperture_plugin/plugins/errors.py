"""What is wrong with a plugin, told to whoever wrote or installed it.

A plugin is code, so the bad news is an exception; but like the problems of a file all of it comes at
once, each with its place, what was found and how to mend it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, TracebackType

from aperture_plugin.config.problems import Place, Problem, Severity

__all__ = ["PluginError", "PluginProblem", "line_of", "one_line", "shown", "where_raised"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginProblem:
    """One thing that is wrong with a plugin.

    Attributes:
        plugin: Its name, as `Plugins.names()` shows it.
        message: What was found. One line, no full stop.
        hint: What was expected, the nearest name, what to write instead. Never empty.
        where: `file:line`, the file relative to the current folder where it lies below; None if unknown.
    """

    plugin: str
    message: str
    hint: str
    where: str | None = None

    def __str__(self) -> str:
        place = "" if self.where is None else f"{self.where}: "
        return f"{place}plugin {self.plugin}: {self.message}\n   hint: {self.hint}"


class PluginError(Exception):
    """Plugins that cannot be used as they are; nothing of them was taken.

    Attributes:
        problems: All that was found, in the order in which the plugins were met; never empty.
    """

    def __init__(self, problems: Iterable[PluginProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def as_problems(self, file: str) -> list[Problem]:
        """Return the same bad news as problems of *file*, for a reload that fails because of a plugin."""
        return [
            Problem(
                severity=Severity.ERROR,
                code="plugin",
                message=f"plugin {problem.plugin}: {problem.message}",
                hint=problem.hint,
                file=file,
                place=Place(1, 1),
            )
            for problem in self.problems
        ]


def shown(path: str | Path) -> str:
    """Return *path* as reports name it: relative where it lies below the current folder."""
    try:
        relative = os.path.relpath(path)
    except (OSError, ValueError):  # The current folder is gone, or on another drive.
        return str(path)
    return str(path) if relative.startswith(os.pardir) else relative


def line_of(code: CodeType) -> str:
    """Return `file:line` of the `def` behind *code*, past the decorators above it."""
    import linecache

    line = code.co_firstlineno
    for number in range(line, line + 20):
        text = linecache.getline(code.co_filename, number).lstrip()
        if text.startswith(("def ", "async def ")):
            line = number
            break
    return f"{shown(code.co_filename)}:{line}"


def one_line(exception: BaseException, *, limit: int = 500) -> str:
    """Return what was raised in one line: `ValueError: no such library`.

    >>> one_line(ValueError("no such library"))
    'ValueError: no such library'
    """
    name = type(exception).__name__
    try:
        text = str(exception)
    except Exception as broken:  # noqa: BLE001 - a host's __str__ may raise anything, and the name is still worth telling
        text = f"(its message could not be read: {type(broken).__name__})"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return name
    text = f"{name}: {lines[0]}" + (" …" if len(lines) > 1 else "")
    # Half a surrogate pair, as undecodable file names carry it, cannot be written to any store.
    text = text.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= limit else text[: limit - 2] + " …"


def where_raised(exception: BaseException) -> str | None:
    """Return `file:line` of the plugin's own line that led to *exception*, None if no plugin's line did.

    The plugin is whatever was entered first outside of the import machinery and of this package; of the
    frames below its folder the innermost tells most.
    """
    if isinstance(exception, SyntaxError) and exception.filename and exception.lineno:
        return f"{shown(exception.filename)}:{exception.lineno}"
    frames = [(name, line) for name, line in _frames(exception.__traceback__) if not _is_machinery(name)]
    if not frames:
        return None
    root = os.path.dirname(frames[0][0]) + os.sep  # noqa: PTH120 - a code object's file name is text
    name, line = [frame for frame in frames if frame[0].startswith(root)][-1]
    return f"{shown(name)}:{line}"


def _frames(traceback: TracebackType | None) -> Iterable[tuple[str, int]]:
    while traceback is not None:
        yield traceback.tb_frame.f_code.co_filename, traceback.tb_lineno
        traceback = traceback.tb_next


_HERE = str(Path(__file__).parent) + os.sep


def _is_machinery(filename: str) -> bool:
    return filename.startswith(("<frozen ", _HERE)) or f"{os.sep}importlib{os.sep}" in filename
