"""`aperture check`: is the file good, and if not, what is wrong where."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from aperture_plugin.app.checking import Checked, check
from aperture_plugin.cli import options, reading
from aperture_plugin.cli.failures import Refused, WrongUsage, file_is_missing
from aperture_plugin.config.codes import CODES
from aperture_plugin.files.finding import FolderWithout, files_meant
from aperture_plugin.files.reading import shown

if TYPE_CHECKING:
    from aperture_plugin.plugins.loading import Plugins

__all__ = ["command"]

Manifest = Mapping[str, Mapping[str, int]]
"""The jobs that a manifest lists, each with the calls that it declares of each limit."""

_FORMATS: Final = ("text", "json", "github", "gitlab", "sarif", "junit")


@click.command("check", epilog="Try it:  aperture check schedules.yaml --strict")
@options.files
@click.option("--strict", is_flag=True, help="Warnings fail too.")
@click.option(
    "--jobs",
    "manifest",
    metavar="MANIFEST",
    type=click.Path(path_type=Path),
    help="What `aperture manifest` printed, in place of plugins: nothing of the host is imported.",
)
@options.plugins
@click.option("--codes", is_flag=True, help="List the codes that problems carry, and what each tells; read no file.")
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
    codes: bool,
    output_format: str,
) -> None:
    """Validate a schedules.yaml: all problems at once.

    Each comes with its place, what was found there and a way to mend it. Exits with 1 if there is an error, or with
    --strict a warning. A folder stands for each schedules.yaml in it and below it.
    What is known and meant, the file silences:  lint: ignore: due-together
    """
    if codes:
        width = max(map(len, CODES))
        click.echo("\n".join(f"{code:{width}}  {told}" for code, told in CODES.items()))
        return
    listed = None if manifest is None else _listed(manifest)
    meant = _meant(files)
    for file in meant:
        reading.require(file)
    load = None if manifest is not None and not modules else _loading(modules)
    checked = [_checked(file, listed, load) for file in meant]
    several = len(files) > 1 or files[0].is_dir()
    import_module(f"aperture_plugin.cli.formats.{output_format}").show(checked, several=several)
    if not all(passes(one, strict=strict) for one in checked):
        raise Refused()


def passes(checked: Checked, *, strict: bool) -> bool:
    """Say whether the file is good enough."""
    return checked.is_valid and not (strict and checked.problems)


def _meant(files: Sequence[Path]) -> list[Path]:
    try:
        return files_meant(files)
    except FolderWithout as error:
        hint = "name the file itself, or write one by  aperture init"
        raise WrongUsage(f"there is no schedules.yaml in the folder {shown(error.folder)}", hint=hint) from None


def _checked(file: Path, listed: Manifest | None, load: Callable[[Path], Plugins] | None) -> Checked:
    source = reading.source_of(file)
    loading = None if load is None else partial(load, file.absolute().parent)
    try:
        return check(source, now=reading.now(), load=loading, manifest=listed)
    except FileNotFoundError:
        raise file_is_missing(file) from None
    except OSError as error:
        raise WrongUsage(f"{source.name} cannot be read: {error.strerror}") from None


def _loading(modules: tuple[str, ...]) -> Callable[[Path], Plugins]:
    """Return what loads the plugins for a file of a folder; files of one folder share them."""

    @lru_cache
    def load(folder: Path) -> Plugins:
        return reading.plugins_of(folder / "schedules.yaml", modules)

    return load


def _listed(manifest: Path) -> Manifest:
    """Return the jobs that a manifest lists, each with the calls that it declares."""
    from aperture_plugin.cli.manifests import read_manifest

    return {name: job.calls for name, job in read_manifest(manifest).items()}
