"""`aperture import`: jobs of another scheduler as a schedules.yaml, with the proof that they run when they did."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import click

from aperture_plugin.cli import file_session, options
from aperture_plugin.cli.exit_codes import CommandRefused, WrongUsage
from aperture_plugin.cli.output import TEXT, say, show_json
from aperture_plugin.clock.local_zone import local_zone
from aperture_plugin.config.layers.zones import read_zone_name
from aperture_plugin.files.bounded_read import LARGEST, read_bounded, shown
from aperture_plugin.words.parse_error import Unreadable

if TYPE_CHECKING:
    from aperture_plugin.app.import_jobs.found_jobs import Found

__all__ = ["command"]

_STDIN: Final = "stdin"
_ENDINGS: Final = {"crontab": (), "yacron": (".yaml", ".yml"), "systemd": (".timer", ".service")}


@click.command("import", epilog="Try it:  aperture import crontab mycrontab > schedules.yaml")
@click.argument("kind", metavar="crontab|yacron|systemd", type=click.Choice(list(_ENDINGS)))
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True)
@click.option("-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="The file to write; else stdout.")
@click.option("--system", is_flag=True, help="A user stands before each command, as in /etc/crontab.")
@click.option("--timezone", metavar="NAME", help="The zone that the source runs in.  [default: this machine's]")
@options.output_format
def command(
    kind: str, sources: tuple[str, ...], output: Path | None, system: bool, timezone: str | None, output_format: str
) -> None:
    """Make a schedules.yaml of a crontab, yacron's files or systemd's timers.

    A SOURCE is a file, a folder of yacron's or systemd's files, or - for stdin, as in crontab -l | aperture import
    crontab -. Every run of the coming year is held against the source's own rule, over clock changes too; what differs,
    or could not be taken over, is named on stderr, and the exit code is then 1. Nothing is overwritten.
    """
    from aperture_plugin.app.import_jobs.schedules_file import imported, imported_json, reports

    texts = dict(_texts(kind, sources))
    if not texts:
        raise WrongUsage(f"there is no {' or '.join(_ENDINGS[kind]) or kind} file in {', '.join(sources)}")
    zone = _zone(timezone)
    made = imported(
        _found(kind, texts, system), files=list(texts), local_zone=zone, now=file_session.now().astimezone(zone)
    )
    if output is not None:
        _write(output, made.text)
    if output_format != TEXT:
        show_json(imported_json(made))
    elif output is None:
        say(made.text.removesuffix("\n"))
    for line in reports(made):
        say(line, err=True)
    if not made.is_whole:
        raise CommandRefused()


def _found(kind: str, texts: dict[str, str], system: bool) -> Found:
    if kind == "crontab":
        from aperture_plugin.app.import_jobs.crontab import read_crontab

        return read_crontab(texts, has_users=system, home=os.environ.get("HOME") or "/")
    if kind == "yacron":
        from aperture_plugin.app.import_jobs.yacron import read_yacron

        return read_yacron(texts)
    from aperture_plugin.app.import_jobs.systemd import read_systemd

    return read_systemd(texts)


def _texts(kind: str, sources: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield each file that is meant, by its name, with what stands in it."""
    for source in sources:
        if source == "-":
            yield _STDIN, _decoded(_STDIN, sys.stdin.buffer.read(LARGEST + 1))
            continue
        path = Path(source)
        if path.is_dir() and _ENDINGS[kind]:
            files = sorted(one for one in path.iterdir() if one.suffix in _ENDINGS[kind] and one.is_file())
        else:
            files = [path]
        if kind == "systemd":
            # A service is found beside its timer, whether it is named or not.
            files += [beside for one in files for beside in _services_beside(one) if beside.is_file()]
            files += [drop_in for one in files for drop_in in _drop_ins(one)]
        for one in dict.fromkeys(files):
            yield shown(one), _text(one)


def _services_beside(timer: Path) -> list[Path]:
    """Return where the service of *timer* may lie: beside it, by its own name or that of its template."""
    template = [timer.with_name(f"{timer.name.partition('@')[0]}@.service")] if "@" in timer.name else []
    return [timer.with_suffix(".service"), *template]


def _drop_ins(unit: Path) -> list[Path]:
    return sorted(one for one in Path(f"{unit}.d").glob("*.conf") if one.is_file())


def _text(path: Path) -> str:
    try:
        data = read_bounded(path)
    except OSError as error:
        raise WrongUsage(f"{shown(path)} cannot be read: {error.strerror}") from None
    if data is None:
        raise WrongUsage(f"{shown(path)} is not there")
    return _decoded(shown(path), data)


def _decoded(name: str, data: bytes) -> str:
    """Return the text of *data*; exit with 1 where it is none, or larger than any file that is read."""
    if len(data) > LARGEST:
        raise CommandRefused(f"{name} is larger than {LARGEST // 1024**2} MiB, and nothing of it was taken over")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        rewriting = "iconv -f latin1 -t utf-8"
        how = f"pipe it through  {rewriting}" if name == _STDIN else f"write it anew, such as by  {rewriting} {name}"
        raise CommandRefused(
            f"{name}:{line}: the byte 0x{data[error.start]:02x} is no text in UTF-8, and nothing was taken over",
            hint=how,
        ) from None
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def _zone(text: str | None) -> ZoneInfo:
    if text is None:
        return local_zone(os.environ)
    try:
        name = read_zone_name(text)
    except Unreadable as problem:
        raise WrongUsage(f"--timezone: {problem.message}", hint=problem.hint) from None
    return local_zone(os.environ) if name == "local" else ZoneInfo(name)


def _write(path: Path, text: str) -> None:
    """Write *text* to a file that is not there yet."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise CommandRefused(f"{shown(path)} is there already, and nothing is overwritten") from None
    except OSError as error:
        raise CommandRefused(f"{shown(path)} cannot be written: {error.strerror}") from None
