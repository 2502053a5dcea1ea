"""`aperture import`: jobs of another scheduler as a schedules.yaml, with the proof that they run when they did."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import click

from aperture_plugin.cli import options, reading
from aperture_plugin.cli.failures import Refused, WrongUsage
from aperture_plugin.cli.output import TEXT, say, show_json
from aperture_plugin.clock.zones import local_zone
from aperture_plugin.config.zones import read_zone_name
from aperture_plugin.files.reading import LARGEST, shown
from aperture_plugin.words.unreadable import Unreadable

if TYPE_CHECKING:
    from aperture_plugin.app.importing.entries import Found

__all__ = ["command"]

_ENDINGS: Final = {"crontab": (), "yacron": (".yaml", ".yml"), "systemd": (".timer", ".service")}


@click.command("import", epilog="Try it:  aperture import crontab mycrontab > schedules.yaml")
@click.argument("kind", metavar="crontab|yacron|systemd", type=click.Choice(list(_ENDINGS)))
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True)
@click.option("-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="Where to write; else stdout.")
@click.option("--system", is_flag=True, help="A user stands before each command, as in /etc/crontab.")
@click.option("--timezone", metavar="NAME", help="The zone that the source runs in.  [default: this machine's]")
@options.output_format
def command(
    kind: str, sources: tuple[str, ...], output: Path | None, system: bool, timezone: str | None, output_format: str
) -> None:
    """Make a schedules.yaml of a crontab, yacron's files or systemd's timers.

    A SOURCE is a file, a folder of yacron's or systemd's files, or - for stdin, as in crontab -l | aperture import
    crontab -. Every run of the coming year is held against the source's own rule, over clock changes too; what differs,
    or could not be taken over, is told on stderr, and the exit code is then 1. Nothing is overwritten.
    """
    from aperture_plugin.app.importing.writing import imported, imported_json, reports

    texts = dict(_texts(kind, sources))
    if not texts:
        raise WrongUsage(f"there is no {' or '.join(_ENDINGS[kind]) or kind} file in {', '.join(sources)}")
    zone = _zone(timezone)
    made = imported(_found(kind, texts, system), files=list(texts), local_zone=zone, now=reading.now().astimezone(zone))
    if output is not None:
        _write(output, made.text)
    if output_format != TEXT:
        show_json(imported_json(made))
    elif output is None:
        say(made.text.removesuffix("\n"))
    for line in reports(made):
        say(line, err=True)
    if not made.is_whole:
        raise Refused()


def _found(kind: str, texts: dict[str, str], system: bool) -> Found:
    if kind == "crontab":
        from aperture_plugin.app.importing.crontab import read_crontab

        return read_crontab(texts, has_users=system, home=os.environ.get("HOME") or "/")
    if kind == "yacron":
        from aperture_plugin.app.importing.yacron import read_yacron

        return read_yacron(texts)
    from aperture_plugin.app.importing.systemd import read_systemd

    return read_systemd(texts)


def _texts(kind: str, sources: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield each file that is meant, by its name, with what stands in it."""
    for source in sources:
        if source == "-":
            yield "stdin", sys.stdin.read(LARGEST)
            continue
        path = Path(source)
        if path.is_dir() and _ENDINGS[kind]:
            files = sorted(one for one in path.iterdir() if one.suffix in _ENDINGS[kind] and one.is_file())
        else:
            files = [path]
        if kind == "systemd":
            # A service is found beside its timer, whether it is named or not.
            files += [beside for one in files if (beside := one.with_suffix(".service")).is_file()]
        for one in dict.fromkeys(files):
            yield shown(one), _text(one)


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise WrongUsage(f"{shown(path)} is not there") from None
    except OSError as error:
        raise WrongUsage(f"{shown(path)} cannot be read: {error.strerror}") from None
    return data[:LARGEST].decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n")


def _zone(said: str | None) -> ZoneInfo:
    if said is None:
        return local_zone(os.environ)
    try:
        name = read_zone_name(said)
    except Unreadable as problem:
        raise WrongUsage(f"--timezone: {problem.message}", hint=problem.hint) from None
    return local_zone(os.environ) if name == "local" else ZoneInfo(name)


def _write(path: Path, text: str) -> None:
    """Write *text* to a file that is not there yet."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise Refused(f"{shown(path)} is there already, and nothing is overwritten") from None
    except OSError as error:
        raise Refused(f"{shown(path)} cannot be written: {error.strerror}") from None
