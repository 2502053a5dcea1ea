"""`aperture check`: is the file good, and if not, what is wrong where."""

from __future__ import annotations

import json
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Final

import click

from aperture_plugin.app.checking import Checked, check
from aperture_plugin.cli import options, reading
from aperture_plugin.cli.failures import Refused, WrongUsage, file_is_missing
from aperture_plugin.config.codes import CODES
from aperture_plugin.files.reading import shown

__all__ = ["command"]

_FORMATS: Final = ("text", "json", "github", "gitlab", "sarif", "junit")


@click.command("check", epilog="Try it:  aperture check schedules.yaml --strict")
@options.file
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
    file: Path, strict: bool, manifest: Path | None, modules: tuple[str, ...], codes: bool, output_format: str
) -> None:
    """Validate a schedules.yaml: all problems at once.

    Each comes with its place, what was found there and a way to mend it. Exits with 1 if there is an error, or with
    --strict a warning. What is known and meant, the file silences:  lint: ignore: due-together
    """
    if codes:
        width = max(map(len, CODES))
        click.echo("\n".join(f"{code:{width}}  {told}" for code, told in CODES.items()))
        return
    source = reading.source_of(file)
    names = None if manifest is None else _names(manifest)
    load = partial(reading.plugins_of, file, modules) if manifest is None or modules else None
    try:
        checked = check(source, now=reading.now(), load=load, manifest=names)
    except FileNotFoundError:
        raise file_is_missing(file) from None
    except OSError as error:
        raise WrongUsage(f"{source.name} cannot be read: {error.strerror}") from None
    import_module(f"aperture_plugin.cli.formats.{output_format}").show(checked)
    if not passes(checked, strict=strict):
        raise Refused()


def passes(checked: Checked, *, strict: bool) -> bool:
    """Say whether the file is good enough."""
    return checked.is_valid and not (strict and checked.problems)


def _names(manifest: Path) -> list[str]:
    """Return the names that a manifest lists."""
    from aperture_plugin.plugins.manifest import ManifestError, jobs_of_manifest

    name = shown(manifest)
    try:
        return list(jobs_of_manifest(json.loads(manifest.read_bytes())))
    except FileNotFoundError:
        raise WrongUsage(f"{name} is not there", hint="aperture manifest > jobs.json makes one") from None
    except OSError as error:
        raise WrongUsage(f"{name} cannot be read: {error.strerror}") from None
    except ManifestError as error:
        raise WrongUsage(f"{name}: {error}") from None
    except (ValueError, RecursionError):
        raise WrongUsage(f"{name} is not JSON", hint="aperture manifest > jobs.json makes a manifest") from None
