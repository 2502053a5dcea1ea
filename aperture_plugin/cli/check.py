"""`aperture check`: is the file good, and if not, what is wrong where."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from aperture_plugin.app.check import Checked, check
from aperture_plugin.cli import file_session, options
from aperture_plugin.cli.exit_codes import CommandRefused, WrongUsage, file_is_missing
from aperture_plugin.cli.output import say
from aperture_plugin.config.checks.problem_codes import CODES
from aperture_plugin.files.bounded_read import LARGEST, shown
from aperture_plugin.files.file_patterns import FolderWithout, files_meant

if TYPE_CHECKING:
    from aperture_plugin.plugins.plugin_loader import Plugins

__all__ = ["command"]

Manifest = Mapping[str, Mapping[str, int]]
"""The jobs that a manifest lists, each with the calls that it declares of each limit."""

_STDIN: Final = Path("-")
_FORMATS: Final = ("text", "json", "github", "gitlab", "sarif", "junit")


@click.command("check", epilog="Try it:  aperture check schedules.yaml --strict")
@options.files
@click.option("--strict", is_flag=True, help="Warnings fail too.")
@click.option(
    "--jobs",
    "manifest",
    metavar="MANIFEST",
    type=click.Path(path_type=Path),
    help="Output of `aperture manifest`, in place of plugins: nothing of the host is imported.",
)
@options.plugins
@click.option(
    "--no-plugins",
    "imports_nothing",
    is_flag=True,
    help="Import no code, not that beside the file either: for changes from strangers.",
)
@click.option("--codes", is_flag=True, help="List the codes of all problems with their meanings; read no file.")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(_FORMATS),
    default="text",
    show_default=True,
    help="For people, for programs, or for what shows problems beside a change.",
)
def command(
    files: tuple[Path, ...],
    strict: bool,
    manifest: Path | None,
    modules: tuple[str, ...],
    imports_nothing: bool,
    codes: bool,
    output_format: str,
) -> None:
    """Validate a schedules.yaml: all problems at once.

    Each comes with its place, what was found there and a way to mend it. Exits with 1 if there is an error, or with
    --strict a warning. A folder stands for each schedules.yaml in it and below it, - for stdin. The plugins whose jobs
    the file names are imported, hooks/ beside the file too, unless --jobs or --no-plugins is given.
    To silence a warning that you intend, write  lint: ignore: due-together
    """
    if codes:
        width = max(map(len, CODES))
        click.echo("\n".join(f"{code:{width}}  {found}" for code, found in CODES.items()))
        return
    if imports_nothing and modules:
        raise WrongUsage("--no-plugins and --plugin contradict each other", hint="give one of the two")
    listed = None if manifest is None else _listed(manifest)
    meant = _meant(files)
    for file in meant:
        if file != _STDIN:
            file_session.require(file)
    load = None if imports_nothing or (manifest is not None and not modules) else _loading(modules)
    checked = [_checked(file, listed, load) for file in meant]
    several = len(files) > 1 or files[0].is_dir()
    import_module(f"aperture_plugin.cli.formats.{output_format}").show(checked, several=several)
    if all(passes(one, strict=strict) for one in checked):
        return
    if output_format == "text" and all(one.is_valid for one in checked):
        say("--strict: a warning fails it")
    raise CommandRefused()


def passes(checked: Checked, *, strict: bool) -> bool:
    """Return whether the file is good enough."""
    return checked.is_valid and not (strict and checked.problems)


def _meant(files: Sequence[Path]) -> list[Path]:
    if _STDIN in files:
        if len(files) > 1:
            raise WrongUsage("- stands for stdin, and no file can be named beside it")
        return [_STDIN]
    try:
        return files_meant(files)
    except FolderWithout as error:
        hint = "name the file itself, or write one by  aperture init"
        raise WrongUsage(f"there is no schedules.yaml in the folder {shown(error.folder)}", hint=hint) from None


def _checked(file: Path, listed: Manifest | None, load: Callable[[Path], Plugins] | None) -> Checked:
    source = file_session.source_of(file)
    loading = None if load is None else partial(load, file.absolute().parent)
    if file == _STDIN:
        source, data = replace(source, path=Path("stdin")), sys.stdin.buffer.read(LARGEST + 1)
        return check(source, now=file_session.now(), load=loading, manifest=listed, data=data)
    try:
        return check(source, now=file_session.now(), load=loading, manifest=listed)
    except FileNotFoundError:
        raise file_is_missing(file) from None
    except OSError as error:
        raise WrongUsage(f"{source.name} cannot be read: {error.strerror}") from None


def _loading(modules: tuple[str, ...]) -> Callable[[Path], Plugins]:
    """Return what loads the plugins for a file of a folder; files of one folder share them."""

    @lru_cache
    def load(folder: Path) -> Plugins:
        return file_session.plugins_of(folder / "schedules.yaml", modules)

    return load


def _listed(manifest: Path) -> Manifest:
    """Return the jobs that a manifest lists, each with the calls that it declares."""
    from aperture_plugin.cli.manifest_file import read_manifest

    return {name: job.calls for name, job in read_manifest(manifest).items()}
