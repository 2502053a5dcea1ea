"""`aperture diff`: what a change does."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from aperture_plugin.app.check import Checked
from aperture_plugin.cli import file_session, options
from aperture_plugin.cli.exit_codes import CommandRefused, WrongUsage, file_is_missing
from aperture_plugin.cli.output import TEXT, say, show_json, show_rich
from aperture_plugin.clock.local_zone import local_zone
from aperture_plugin.files.bounded_read import LARGEST, CannotRead, look_at, shown
from aperture_plugin.triggers.walltime import due_of
from aperture_plugin.words.numbers import counted

if TYPE_CHECKING:
    from aperture_plugin.app.diff.comparison import Comparison
    from aperture_plugin.app.diff.sides import Side

__all__ = ["command"]

_STDIN: Final = "-"
_NO_FILE: Final = "no file"
_FAIL_ON: Final = ("collision", "more-runs", "removed")
_MOST_DAYS: Final = 366

Content = tuple[str, bytes | None]
"""The name of a side, and its content; None where there is no file on that side."""


@click.command("diff", epilog="Try it:  aperture diff --git HEAD --format markdown")
@click.argument("old", metavar="OLD", required=False)
@click.argument("new", metavar="[NEW]", required=False)
@options.file_option
@click.option("--git", "in_git", is_flag=True, help="OLD and NEW are git revisions of the file.")
@click.option(
    "--from", "since", metavar="TIME", default="now", show_default=True, help="Slots are compared from then on."
)
@click.option(
    "--days",
    type=click.IntRange(1, _MOST_DAYS),
    help="Number of days.  [default: 28; fewer where jobs are due very often]",
)
@click.option(
    "--fail-on",
    metavar="WHAT",
    multiple=True,
    help=f"Exit with 1 on {', '.join(_FAIL_ON[:-1])} or {_FAIL_ON[-1]}; several with commas.",
)
@click.option("--preset", metavar="NAME", help="A preset to compare, whichever the files name.")
@click.option(
    "--jobs",
    "manifest",
    metavar="MANIFEST",
    type=click.Path(path_type=Path),
    help="Output of `aperture manifest`: the number of calls of a limit that a run makes; otherwise one.",
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice([TEXT, "markdown", "json"]),
    default=TEXT,
    show_default=True,
    help="For people, for a comment under a pull request, or for programs.",
)
def command(
    file: Path,
    old: str | None,
    new: str | None,
    in_git: bool,
    since: str,
    days: int | None,
    fail_on: tuple[str, ...],
    preset: str | None,
    manifest: Path | None,
    output_format: str,
) -> None:
    """Show what a change does: to run times, run counts, load and collisions.

    OLD and NEW are files, or - for what comes in on stdin; /dev/null stands for no file. Without NEW it is the
    schedules.yaml here, or what -f names. With --git they are revisions of that file: OLD alone is compared with
    the file as it stands (HEAD, if it is left out too), and main...HEAD means since the two parted.

    It needs no plugin and no state. A NEW that is not valid exits with 1, its problems in place of a comparison.
    """
    wanted = _wanted(fail_on)
    before, after = _revisions(file, old, new) if in_git else _files(file, old, new)
    if before[1] is None and after[1] is None:
        raise WrongUsage(f"neither {before[0]} nor {after[0]} is there")
    now = file_session.now()
    calls = {} if manifest is None else _calls(manifest)
    sides = _side(before, preset, now), _side(after, preset, now)
    _require_valid(sides[1], output_format)
    notes = _notes(*sides, preset)
    comparison = _compared(*sides, since, days, now, calls)
    _show(comparison, notes, output_format)
    failures = comparison.failures(wanted)
    for failure in failures:
        say(f"error: {failure}", err=True)
    if failures:
        raise CommandRefused()


# ── what is held against what ──


def _wanted(fail_on: tuple[str, ...]) -> tuple[str, ...]:
    found = tuple(what.strip() for each in fail_on for what in each.split(",") if what.strip())
    for what in found:
        if what not in _FAIL_ON:
            from aperture_plugin.words.did_you_mean import did_you_mean

            raise WrongUsage(
                f'--fail-on: there is no "{what}"{did_you_mean(what, _FAIL_ON)}',
                hint=f"expected {', '.join(_FAIL_ON[:-1])} or {_FAIL_ON[-1]}",
            )
    return found


def _files(file: Path, old: str | None, new: str | None) -> tuple[Content, Content]:
    if old is None:
        raise WrongUsage("OLD is missing", hint="aperture diff OLD NEW compares files, aperture diff --git revisions")
    if old == new == _STDIN:
        raise WrongUsage("OLD and NEW cannot both come from stdin")
    return _content(old), _content(str(file) if new is None else new)


def _content(text: str) -> Content:
    if text == _STDIN:
        return "stdin", sys.stdin.buffer.read(LARGEST + 1)
    path = Path(text)
    if text == os.devnull:
        return _NO_FILE, None
    found = look_at(path)
    if found is None:
        raise file_is_missing(path)
    if isinstance(found, CannotRead):
        raise WrongUsage(f"{shown(path)} cannot be read: {found.reason}")
    return shown(path), found


def _revisions(file: Path, old: str | None, new: str | None) -> tuple[Content, Content]:
    from aperture_plugin.files.git_revisions import Repository, RevisionError

    repository, name = Repository(file), shown(file)
    try:
        ends = None if old is None or new is not None else repository.ends(old)
        if ends is not None:
            old, new = ends
        old = old or "HEAD"
        first = repository.commit(old)
        later = "" if new is None else repository.commit(new)
        before = f"{name} at {_short(old)}", repository.content(first, seen_from=later)
        after = f"{name} at {_short(new)}" if new else name, repository.content(later) if later else _working(file)
    except RevisionError as error:
        raise WrongUsage(str(error)) from None
    return before, after


def _working(file: Path) -> bytes | None:
    found = look_at(file)
    if isinstance(found, CannotRead):
        raise WrongUsage(f"{shown(file)} cannot be read: {found.reason}")
    return found


def _short(revision: str) -> str:
    """Return a revision as it was typed; a commit's whole name is cut."""
    is_name = len(revision) == 40 and all(letter in "0123456789abcdef" for letter in revision)
    return revision[:12] if is_name else revision


# ── reading ──


def _side(content: Content, preset: str | None, now: datetime) -> Side:
    from aperture_plugin.app.diff.sides import absent, side_of

    name, data = content
    if data is None:
        return absent(name)
    return side_of(data, name=name, local_zone=local_zone(os.environ), now=now, preset=preset)


def _require_valid(new: Side, output_format: str) -> None:
    """Exit with 1, the problems shown as `check` shows them, where the new file is not valid."""
    found = new.reading
    if found is None or found.config is not None:
        return
    errors = tuple(problem for problem in found.problems if problem.is_error)
    checked = Checked(file=found.file, text=found.text, jobs=found.job_count, problems=errors, config=None)
    if output_format == "markdown":
        from aperture_plugin.app.diff.markdown import markdown_of_problems

        say(markdown_of_problems(new))
    elif output_format == TEXT:
        from aperture_plugin.cli.formats.text import show

        show([checked], several=False)
    else:
        show_json(checked.json())
    raise CommandRefused()


def _notes(old: Side, new: Side, preset: str | None) -> list[str]:
    """Return what a person should know of the sides before reading on."""
    notes = []
    if old.reading is None:
        notes.append(f"{_subject(old)} is not there: all of {new.name} is new")
    elif old.config is None:
        errors = sum(problem.is_error for problem in old.reading.problems)
        notes.append(f"{old.name} is not valid ({counted(errors, 'error')}): all of {new.name} counts as new")
    if new.reading is None:
        notes.append(f"{_subject(new)} is not there: nothing of {old.name} is left")
    sides = [side.config for side in (old, new) if side.config is not None]
    if preset is None and any(config.preset_is_auto for config in sides):
        notes.append("preset: auto is left to the host, so no preset was compared; --preset NAME compares one")
    if preset is not None and not any(preset in config.presets for config in sides):
        raise WrongUsage(f'--preset: neither file has a preset "{preset}"')
    return notes


def _subject(side: Side) -> str:
    return "the file" if side.name == _NO_FILE else side.name


def _calls(manifest: Path) -> dict[str, Mapping[str, int]]:
    """Return the calls that jobs spend of each limit, by their declarations."""
    from aperture_plugin.cli.manifest_file import read_manifest

    return {name: job.calls for name, job in read_manifest(manifest).items() if job.calls}


# ── comparing and showing ──


def _compared(
    old: Side, new: Side, since: str, days: int | None, now: datetime, calls: Mapping[str, Mapping[str, int]]
) -> Comparison:
    from aperture_plugin.app.diff.comparison import compared
    from aperture_plugin.app.diff.run_counts import span_for

    config = new.config or old.config
    zone = local_zone(os.environ) if config is None else config.zone
    try:
        begin = options.instant_after("--from", since, now=now, zone=zone)
        wall = begin.astimezone(zone).replace(tzinfo=None)
        # A day ends at the wall time at which it began, so a daily job is due once in it, whatever the clocks do.
        end = due_of(wall + timedelta(days=days or span_for(old.config, new.config)), zone)
    except OverflowError:
        raise WrongUsage(f"--from: {since} is too close to the end of the calendar") from None
    return compared(old, new, since=begin, until=end, calls=calls)


def _show(comparison: Comparison, notes: list[str], output_format: str) -> None:
    if output_format == "markdown":
        from aperture_plugin.app.diff.markdown import markdown_of

        say(markdown_of(comparison, notes))
        return
    for note in notes:
        say(f"note: {note}", err=True)
    if output_format == TEXT:
        from aperture_plugin.cli.diff_view import comparison_view

        show_rich(*comparison_view(comparison))
    else:
        from aperture_plugin.app.diff.diff_json import comparison_json

        found: dict[str, Any] = comparison_json(comparison)
        show_json({**found, "notes": notes})
