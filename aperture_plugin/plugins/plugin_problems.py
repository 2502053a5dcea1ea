"""Problems of plugins, for those who write or install them.

They are raised as one exception; like the problems of a file they come all at once, each with its place, what
was found, and how to fix it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, TracebackType

from aperture_plugin.config.problems import Place, Problem, Severity
from aperture_plugin.rules.sanitize import storable
from aperture_plugin.words.errors import ApertureError
from aperture_plugin.words.mask import mask_of_environment

__all__ = ["NoSuchExecutor", "PluginError", "PluginProblem", "line_of", "one_line", "shown", "where_raised"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginProblem:
    """One problem of a plugin.

    Attributes:
        plugin: Its name, as `Plugins.names()` shows it.
        message: The finding. One line, no full stop.
        hint: The expected value, the nearest name, what to write instead. Never empty.
        where: `file:line`, the file relative to the current folder where it lies below; None if unknown.
    """

    plugin: str
    message: str
    hint: str
    where: str | None = None

    def __str__(self) -> str:
        place = "" if self.where is None else f"{self.where}: "
        return f"{place}plugin {self.plugin}: {self.message}\n   hint: {self.hint}"


class PluginError(ApertureError):
    """Some plugins cannot be used; none was.

    Attributes:
        problems: All problems, in the order in which the plugins were found; never empty.
    """

    def __init__(self, problems: Iterable[PluginProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def as_problems(self, file: str) -> list[Problem]:
        """Return the same as problems, each at the plugin's own line; of *file* where that is not known."""
        found = []
        for problem in self.problems:
            where, _, line = (problem.where or "").rpartition(":")
            is_known = bool(where) and line.isdecimal()
            found.append(
                Problem(
                    severity=Severity.ERROR,
                    code="plugin",
                    message=f"plugin {problem.plugin}: {problem.message}",
                    hint=problem.hint,
                    file=where if is_known else file,
                    place=Place(max(1, int(line)), 1) if is_known else Place(1, 1),
                )
            )
        return found


class NoSuchExecutor(PluginError):
    """No plugin provides the executor that a file names."""

    def __init__(self, name: str, hint: str) -> None:
        message = f'no plugin provides an executor "{name}"'
        super().__init__([PluginProblem(plugin="built-in", message=message, hint=hint)])
        self.name = name


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
    """Return what was raised in one line, without secrets of the environment: `ValueError: no such library`.

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
    text = storable(mask_of_environment(os.environ)(text))
    return text if len(text) <= limit else text[: limit - 2] + " …"


def where_raised(exception: BaseException) -> str | None:
    """Return `file:line` of the plugin's own line that led to *exception*, None if no plugin's line did.

    The first frame outside of the import machinery and of this package is the plugin's; of the frames in files of
    its folder, the innermost is returned.
    """
    if isinstance(exception, SyntaxError) and exception.filename and exception.lineno:
        return f"{shown(exception.filename)}:{exception.lineno}"
    frames = [(name, line) for name, line in _frames(exception.__traceback__) if not _is_machinery(name)]
    if not frames:
        return None
    entered, _ = frames[0]
    folder = os.path.dirname(entered)  # noqa: PTH120 - a code object's file name is text
    # Code made by exec, typed in a REPL or given by python -c lies in no folder: its file is called <string>.
    root = folder + os.sep if folder else entered
    name, line = [frame for frame in frames if frame[0].startswith(root)][-1]
    return f"{shown(name)}:{line}"


def _frames(traceback: TracebackType | None) -> Iterable[tuple[str, int]]:
    while traceback is not None:
        yield traceback.tb_frame.f_code.co_filename, traceback.tb_lineno
        traceback = traceback.tb_next


_HERE = str(Path(__file__).parent) + os.sep


def _is_machinery(filename: str) -> bool:
    return filename.startswith(("<frozen ", _HERE)) or f"{os.sep}importlib{os.sep}" in filename
