"""The options that commands share, so that they are spelt and read alike everywhere."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Final

import click

from aperture_plugin.cli.failures import WrongUsage

__all__ = ["file", "file_option", "files", "grace", "output_format", "plugins", "state"]

_DEFAULT: Final = "schedules.yaml"
_Command = Callable[..., Any]


def file(command: _Command) -> _Command:
    """Give *command* a `file: Path`, from `[FILE]` or from `-f FILE`."""
    named = click.argument("positional", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
    return named(file_option(command))


def file_option(command: _Command) -> _Command:
    """Give *command*, whose argument is a job or a run, a `file: Path` from `-f FILE`."""

    @click.option("-f", "--file", "option", metavar="FILE", type=click.Path(path_type=Path), help="The schedules.yaml.")
    @wraps(command)
    def with_file(*, option: Path | None, positional: Path | None = None, **rest: Any) -> Any:
        before = click.get_current_context().find_root().obj
        said = [path for path in (positional, option, before) if path is not None]
        if len(set(said)) > 1:
            raise WrongUsage(f"two files are named: {said[0]} and {said[1]}", hint="name one, as FILE or with -f FILE")
        chosen = said[0] if said else Path(os.environ.get("APERTURE_CONFIG") or _DEFAULT)
        return command(file=chosen, **rest)

    return with_file


def files(command: _Command) -> _Command:
    """Give *command* its `files: tuple[Path, ...]`: all that are named, by `[FILE]...` and by `-f FILE`."""

    @click.argument("positional", metavar="[FILE]...", required=False, nargs=-1, type=click.Path(path_type=Path))
    @click.option("-f", "--file", "option", metavar="FILE", type=click.Path(path_type=Path), help="The schedules.yaml.")
    @wraps(command)
    def with_files(*, option: Path | None, positional: tuple[Path, ...], **rest: Any) -> Any:
        before = click.get_current_context().find_root().obj
        said = (*positional, *(path for path in (option, before) if path is not None))
        return command(files=said or (Path(os.environ.get("APERTURE_CONFIG") or _DEFAULT),), **rest)

    return with_files


def output_format(command: _Command) -> _Command:
    """Give *command* an `output_format`: text or json."""
    return click.option(
        "--format",
        "output_format",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="For people, or for programs.",
    )(command)


def plugins(command: _Command) -> _Command:
    """Give *command* the `modules` that are plugins beside the installed ones and hooks/."""
    return click.option(
        "--plugin",
        "modules",
        metavar="MODULE",
        multiple=True,
        help="A further plugin, as import names it; may be given several times.",
    )(command)


def state(command: _Command) -> _Command:
    """Give *command* a `state`: the store's URL in place of the one in the file."""
    return click.option(
        "--state",
        metavar="URL",
        help="The store, in place of the file's state.  [default: $APERTURE_STATE, else the file's]",
    )(command)


def grace(command: _Command) -> _Command:
    """Give *command* a `grace` in seconds."""
    return click.option(
        "--grace",
        metavar="SECONDS",
        type=click.FloatRange(0, 86_400),
        default=30,
        show_default=True,
        help="How long running jobs may go on after a stop is asked for.",
    )(command)
