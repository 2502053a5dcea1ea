"""Errors as a line on stderr and an exit code; never a traceback."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, TypeGuard

import click

from aperture_plugin.cli.output import flush, say
from aperture_plugin.cli.standard_streams import silence
from aperture_plugin.words.plain_text import plain_lines

__all__ = ["CommandRefused", "WrongUsage", "exit_code_of", "file_is_a_folder", "file_is_missing", "unknown"]

_INTERRUPTED: Final = 130
"""128 and the number of SIGINT, as shells have it."""


class CommandRefused(click.ClickException):
    """The answer is no: exit code 1, with the reason on stderr; an empty *message* says nothing more."""

    exit_code = 1

    def __init__(self, message: str = "", *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint

    def show(self, file: Any = None) -> None:  # noqa: ARG002  # click's own signature
        """Print it on stderr."""
        if self.message:
            say(f"error: {plain_lines(self.message)}", err=True)
        if self.hint:
            say(f"   hint: {self.hint}", err=True)


class WrongUsage(CommandRefused):
    """The arguments make no sense: exit code 2."""

    exit_code = 2


def file_is_missing(file: Path) -> WrongUsage:
    """Return the error of a schedules.yaml that is not there, with the file that was probably meant."""
    from aperture_plugin.files.bounded_read import shown
    from aperture_plugin.words.did_you_mean import nearest

    hint = "aperture init writes a starter file; -f FILE names another one"
    folder = file.parent
    if file.is_symlink():
        return WrongUsage(f"{shown(file)} is a link that leads nowhere: {file.readlink()}", hint=hint)
    try:
        beside = sorted(one.name for one in folder.iterdir() if one.suffix in {".yaml", ".yml"})
    except OSError:
        return WrongUsage(f"{shown(file)} is not there, and neither is its folder", hint=hint)
    near = nearest(file.name, beside)
    if near is not None:
        hint = f'did you mean "{shown(folder / near)}"?'
    elif len(beside) == 1:
        hint = f'the folder has "{beside[0]}"; name it with -f, or in APERTURE_CONFIG'
    return WrongUsage(f"{shown(file)} is not there", hint=hint)


def file_is_a_folder(folder: Path) -> WrongUsage:
    """Return the error of a folder where a schedules.yaml belongs, with the file in it that was probably meant."""
    from aperture_plugin.files.bounded_read import shown

    try:
        inside = sorted(one.name for one in folder.iterdir() if one.suffix in {".yaml", ".yml"})
    except OSError:
        inside = []
    if "schedules.yaml" in inside or len(inside) == 1:
        meant = "schedules.yaml" if "schedules.yaml" in inside else inside[0]
        hint = f"name the file in it: {shown(folder / meant)}"
    else:
        hint = f"name a file; aperture init {shown(folder)} writes a starter file there"
    return WrongUsage(f"{shown(folder)} is a folder, and no file", hint=hint)


def unknown(kind: str, name: str, among: Iterable[str], *, where: str) -> WrongUsage:
    """Return the error of a name that does not exist.

    Args:
        kind: The kind of thing it should have named, such as `job`.
        where: The place that was searched, such as the file.
    """
    from aperture_plugin.words.did_you_mean import nearest
    from aperture_plugin.words.parse_error import quoted

    names = tuple(among)
    near = nearest(name, names)
    if near is not None:
        hint = f'did you mean "{near}"?'
    elif (file := nearest(f"{name}.yaml", sorted(one.name for one in Path().glob("*.y*ml")))) is not None:
        hint = f'did you mean the file "{file}"?'
    elif names:
        hint = f"expected one of {', '.join(names[:12])}{', …' if len(names) > 12 else ''}"
    else:
        hint = f"{where} has no {kind}"
    return WrongUsage(f"there is no {kind} {quoted(name)} in {where}", hint=hint)


def exit_code_of(call: Callable[[], Any]) -> int:
    """Run a command to its end and return the exit code that tells how it ended."""
    try:
        answer = call()
    except click.exceptions.Exit as done:
        answer = done.exit_code
    except click.Abort:
        return _INTERRUPTED
    except click.ClickException as refusal:
        refusal.show()
        answer = refusal.exit_code
    except SystemExit as done:
        answer = done.code
    except Exception as error:  # noqa: BLE001  # the last line of defense: a person reads of any error in words
        answer = _unwritten(error) if _is_full(error) else _explained(error).exit_code
    try:
        flush()
    except OSError as error:
        answer = _unwritten(error)
    return answer if isinstance(answer, int) else 0


def _is_full(error: Exception) -> TypeGuard[OSError]:
    """Return whether stdout could not be written: what names no file is one of the streams."""
    full = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
    return isinstance(error, OSError) and error.errno in full and error.filename is None


def _unwritten(error: OSError) -> int:
    """Report that the output could not be written, and return the exit code of that."""
    silence(sys.stdout)  # Python's own last flush would fail again.
    say(f"error: the output cannot be written: {error.strerror}", err=True)
    return CommandRefused.exit_code


def _explained(error: Exception) -> CommandRefused:
    """Return the refusal that explains *error*."""
    refusal = _refusal(error)
    if refusal is None:
        where = traceback.extract_tb(error.__traceback__)[-1]
        refusal = CommandRefused(
            f"aperture itself failed: {type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})",
            hint="this is a fault in the program, please report it; APERTURE_TRACEBACK=1 shows where it happened",
        )
        if os.environ.get("APERTURE_TRACEBACK"):
            say("".join(traceback.format_exception(error)).rstrip(), err=True)
    refusal.show()
    return refusal


def _refusal(error: Exception) -> CommandRefused | None:
    # A module that raised one of these has been loaded; a command that cannot raise it need not load it.
    name = f"{type(error).__module__}.{type(error).__name__}"
    if name == "aperture_plugin.app.source.ConfigRefused":
        from aperture_plugin.cli.problem_text import say_problems

        say_problems(error.problems, error.text)  # type: ignore[attr-defined]
        return CommandRefused()
    if name == "aperture_plugin.plugins.plugin_problems.PluginError":
        for problem in error.problems:  # type: ignore[attr-defined]
            say(f"error: {problem}", err=True)
        return CommandRefused()
    kinds = (f"{kind.__module__}.{kind.__name__}" for kind in type(error).__mro__)
    if any(kind.startswith("aperture_plugin.ports.records.Store") for kind in kinds):
        return CommandRefused(str(error))
    if isinstance(error, FileNotFoundError) and error.errno is None:
        return file_is_missing(Path(str(error)))
    if isinstance(error, OSError) and error.strerror:
        return CommandRefused(f"{error.filename}: {error.strerror}" if error.filename else error.strerror)
    return None
