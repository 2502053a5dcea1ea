"""`aperture doctor`: why a job did not run, runs long, or fails often."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from aperture_plugin.app.doctor.doctor import Case, Finding, Verdict, diagnose, examined, finding_json
from aperture_plugin.app.source import Source
from aperture_plugin.cli import file_session, options
from aperture_plugin.cli.exit_codes import CommandRefused
from aperture_plugin.cli.name_completion import complete_jobs
from aperture_plugin.cli.output import TEXT, in_color, say, show_json
from aperture_plugin.cli.store_session import entered, goes_by, require_file
from aperture_plugin.words.numbers import counted
from aperture_plugin.words.plain_text import plain, plain_line

__all__ = ["command"]

_COLOURS: Final = {Verdict.OK: 32, Verdict.NOTE: 33, Verdict.PROBLEM: 31}
_WORD: Final = max(map(len, Verdict))


@click.command("doctor", epilog="Try it:  aperture doctor library-scan")
@click.argument("job", metavar="[JOB]", required=False, shell_complete=complete_jobs)
@click.option("--mend", is_flag=True, help="Mend the rows of the store that cannot be read.")
@options.file_option
@options.plugins
@options.state
@options.output_format
def command(
    file: Path, job: str | None, modules: tuple[str, ...], state: str | None, output_format: str, *, mend: bool
) -> None:
    """Find out why a job did not run, runs long, or fails often.

    Walks every step from the file to the job's last runs, and says of each what it found: ok, a note, or a problem,
    with a line to paste where there is something to do. Without JOB, all jobs are looked at. Exits with 1 if there
    is a problem.

    With --mend, the rows of the store that cannot be read are mended, and each is printed as it was: a run has failed,
    with that reason, and any other row is deleted. A loop may be running meanwhile.
    """
    source = file_session.source_of(file)
    if mend:
        _mend(source, state, output_format)
        return
    with examined(
        source,
        now=file_session.now(),
        now_by=file_session.now_by,
        state=state,
        load=lambda: file_session.plugins_of(file, modules),
    ) as case:
        if not goes_by([] if case.loop is None else [case.loop], source):
            require_file(source, url=state)
        if job is not None:
            _require(job, case)
        found = diagnose(case, job)
    if output_format == TEXT:
        _show(found, asked=job)
    else:
        show_json([finding_json(finding) for finding in found])
    if any(finding.verdict is Verdict.PROBLEM for finding in found):
        raise CommandRefused()


def _mend(source: Source, state: str | None, output_format: str) -> None:
    with entered(source, url=state) as (_config, store):
        mended = store.mend()
    if output_format == TEXT:
        for row in mended:
            say(plain_line(f"{row.text}; it was {json.dumps(row.values)}"))
        say(f"{counted(len(mended), 'row')} mended." if mended else "Every row can be read.")
    else:
        show_json([{"table": row.table, "key": row.key, "why": row.why, "row": row.values} for row in mended])


def _require(job: str, case: Case) -> None:
    """Exit with 2 where there is no such job; of a file that cannot be read, nobody can say what is in it."""
    if case.config is not None:
        file_session.known_job(job, case.names, where=case.source.name)


def _show(found: Sequence[Finding], *, asked: str | None) -> None:
    """Show each finding in a line, and what to do about it in the next.

    Args:
        asked: The job that was asked about, which need not be named in every line.
    """
    color = in_color()
    width = max(len(finding.step) for finding in found)
    for finding in found:
        word = f"{finding.verdict:{_WORD}}"
        if color:
            word = f"\x1b[{_COLOURS[finding.verdict]}m{word}\x1b[0m"
        whose = "" if finding.job in {None, asked} else f"{finding.job}: "
        say(f"{word}  {finding.step:{width}}  {plain_line(whose + finding.found)}")
        if finding.advice is not None and (asked is not None or finding.verdict is not Verdict.OK):
            say(f"{' ' * (_WORD + width + 4)}→ {plain(finding.advice)}")
    say("")
    say(_sentence(found))


def _sentence(found: Sequence[Finding]) -> str:
    problems = sum(finding.verdict is Verdict.PROBLEM for finding in found)
    notes = sum(finding.verdict is Verdict.NOTE for finding in found)
    if not problems:
        return "Nothing is wrong" + (f"; {counted(notes, 'note')}." if notes else ".")
    return f"{counted(problems, 'problem')}" + (f", {counted(notes, 'note')}." if notes else ".")
