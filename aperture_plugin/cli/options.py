"""The options that commands share, so that they are spelt and read alike everywhere."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import click

from aperture_plugin.cli.exit_codes import WrongUsage
from aperture_plugin.cli.name_completion import complete_jobs
from aperture_plugin.cli.output import hide

__all__ = [
    "file",
    "file_and_jobs",
    "file_option",
    "files",
    "grace",
    "instant_after",
    "instant_before",
    "log_format",
    "output_format",
    "plugins",
    "state",
]

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
        return command(file=_chosen([*([positional] if positional else []), *_of_option(option)]), **rest)

    return with_file


def file_and_jobs(command: _Command) -> _Command:
    """Give *command* a `file: Path` and `jobs: tuple[str, ...]`, from `[JOB|FILE]...`, `--job JOB` and `-f FILE`.

    A word that ends in .yaml or .yml, or names a folder on its way, is a file. Any other word is a job, unless the file
    does not list it and there is a file of that name.
    """

    @click.argument("words", metavar="[JOB|FILE]...", nargs=-1, shell_complete=complete_jobs)
    @click.option(
        "--job",
        "options",
        metavar="JOB",
        multiple=True,
        shell_complete=complete_jobs,
        help="Only this job; may be given several times.",
    )
    @click.option("-f", "--file", "option", metavar="FILE", type=click.Path(path_type=Path), help="The schedules.yaml.")
    @wraps(command)
    def with_both(*, words: tuple[str, ...], options: tuple[str, ...], option: Path | None, **rest: Any) -> Any:
        named = [Path(word) for word in words if _is_a_path(word)]
        others = [word for word in words if not _is_a_path(word)]
        chosen = _chosen([*named, *_of_option(option)])
        is_open = not named and option is None and click.get_current_context().find_root().obj is None
        if is_open and (files := [word for word in others if _is_a_file(word, chosen)]):
            chosen = _chosen([Path(word) for word in files])
            others = [word for word in others if word not in files]
        return command(file=chosen, jobs=tuple(dict.fromkeys([*others, *options])), **rest)

    return with_both


def files(command: _Command) -> _Command:
    """Give *command* its `files: tuple[Path, ...]`: all that are named, by `[FILE]...` and by `-f FILE`."""

    @click.argument("positional", metavar="[FILE]...", required=False, nargs=-1, type=click.Path(path_type=Path))
    @click.option("-f", "--file", "option", metavar="FILE", type=click.Path(path_type=Path), help="The schedules.yaml.")
    @wraps(command)
    def with_files(*, option: Path | None, positional: tuple[Path, ...], **rest: Any) -> Any:
        return command(files=(*positional, *_of_option(option)) or (_chosen([]),), **rest)

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
        callback=_hide_passwords,
        help="The store, in place of the file's state.  [default: $APERTURE_STATE, else the file's]",
    )(command)


def _hide_passwords(_context: click.Context, _option: click.Parameter, address: str | None) -> str | None:
    if address:
        from aperture_plugin.words.secrets import secrets_of_address

        hide(secrets_of_address(address))
    return address


def log_format(command: _Command) -> _Command:
    """Give *command* a `log_format`: text, json, or None where it is not given."""
    return click.option(
        "--log-format",
        "log_format",
        type=click.Choice(["text", "json"]),
        help="Format of log lines: for people, or an object in each line.  [default: text]",
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


def instant_after(option: str, text: str, *, now: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant in UTC that *text* says behind an *option* that looks ahead: a bare duration is added.

    Raises:
        WrongUsage: It says no instant.
    """
    return _instant(option, text, now=now, zone=zone, ahead=True)


def instant_before(option: str, text: str, *, now: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant in UTC that *text* says behind an *option* that looks back: a bare duration is taken away.

    Raises:
        WrongUsage: It says no instant.
    """
    return _instant(option, text, now=now, zone=zone, ahead=False)


def _instant(option: str, text: str, *, now: datetime, zone: ZoneInfo, ahead: bool) -> datetime:
    from aperture_plugin.app.time_arguments import Towards, read_instant
    from aperture_plugin.words.parse_error import Unreadable

    try:
        return read_instant(text, now=now, zone=zone, towards=Towards.FUTURE if ahead else Towards.PAST)
    except Unreadable as problem:
        raise WrongUsage(f"{option}: {problem.message}", hint=problem.hint) from None


def _chosen(named: list[Path]) -> Path:
    """Return the one file that is named; the environment's, else the one here, where none is."""
    if len(set(named)) > 1:
        raise WrongUsage(f"two files are named: {named[0]} and {named[1]}", hint="name one, as FILE or with -f FILE")
    return named[0] if named else Path(os.environ.get("APERTURE_CONFIG") or _DEFAULT)


def _of_option(option: Path | None) -> list[Path]:
    """Return what -f names, behind the command or before it."""
    return [path for path in (option, click.get_current_context().find_root().obj) if path is not None]


def _is_a_path(word: str) -> bool:
    return word.endswith((".yaml", ".yml")) or os.sep in word


def _is_a_file(word: str, chosen: Path) -> bool:
    """Return whether *word*, which does not look like a file, is one: there is such a file, and no such job."""
    if not Path(word).exists():
        return False
    from aperture_plugin.cli import file_session

    config = file_session.judged(file_session.source_of(chosen)).config
    return config is None or word not in config.jobs
