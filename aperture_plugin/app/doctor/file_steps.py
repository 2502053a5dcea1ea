"""Is the file as it was saved in force, and do the plugins know its jobs?"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from aperture_plugin.app.doctor.evidence import Case
from aperture_plugin.app.doctor.findings import Finding, note, ok, problem
from aperture_plugin.app.plugin_watch import files_changed
from aperture_plugin.config.problem_report import problem_json
from aperture_plugin.config.problems import Problem
from aperture_plugin.words.did_you_mean import nearest
from aperture_plugin.words.numbers import counted
from aperture_plugin.words.time_display import wall_time

__all__ = ["file_step", "plugins_step"]

_MOST: Final = 5
"""Problems of a file that are listed one by one; `check` lists all."""

_SETTLES: Final = timedelta(seconds=3)
"""A file saved no longer ago than this may still be on its way into force."""

_WRITE: Final = "\nWrite:  "
_UNKNOWN_JOB: Final = "unknown-job"
_NOT_CHECKED: Final = "jobs-not-checked"
"""Problems that the step for plugins reports."""


def file_step(case: Case) -> Iterator[Finding]:
    """Report whether the file is valid, saved and loaded, and what is wrong with it."""
    check = case.line("check", on_file=True)
    name = case.source.name
    errors = _errors(case)
    rejected = None if case.loop is None else case.loop.details.get("rejected")
    if errors:
        then = "no loop can start with it" if case.loop is None else "the last good one goes on"
        found = f"{name} is refused for {counted(len(errors), 'error')}; {then}"
        yield problem("file", found, advice=check)
        # Of the jobs that are looked at, the next step tells whether somebody runs them.
        shown = [one for one in errors if one.code != _UNKNOWN_JOB or one.job not in case.jobs]
        yield from map(_finding_of, map(problem_json, shown[:_MOST]))
    elif rejected is not None:
        problems = [one for one in rejected.get("problems", ()) if one.get("severity") == "error"]
        refused_at = datetime.fromisoformat(rejected["at"])
        found = (
            f"the loop has refused {name} ({wall_time(refused_at, case.zone, now=case.now)}), "
            "although it is valid as it is read here; the last good one goes on"
        )
        yield problem("file", found, advice=case.line("status", on_file=True))
        yield from map(_finding_of, problems[:_MOST])
    else:
        yield _saved_and_loaded(case)
    warnings = [problem for problem in case.reading.problems if not problem.is_error and problem.code != _NOT_CHECKED]
    if warnings:
        found = f"{name} has {counted(len(warnings), 'warning')}; the first: {_placed(problem_json(warnings[0]))}"
        yield note("file", found, advice=check)


def plugins_step(case: Case) -> Iterator[Finding]:
    """Report whether the plugins load, and whether each job that is looked at has one behind it."""
    if case.plugin_problems:
        for wrong in case.plugin_problems:
            where = "" if wrong.where is None else f"{wrong.where}: "
            found = f"{where}plugin {wrong.plugin}: {wrong.message}"
            yield problem("plugins", found, advice=wrong.hint)
        return
    changed = () if case.loop is None else case.loop.details.get("plugins_changed", ())
    if changed:
        yield problem("plugins", files_changed(changed), advice="restart it, or have it start anew by itself: --reload")
    assert case.plugins is not None, "plugins that do not load have problems"
    nobodys = None if case.loop is None else case.loop.details.get("nobody_offers")
    if nobodys:
        yield problem("plugins", nobodys, advice="put the plugin there, or name it by --plugin, and start again")
        return
    registered = list(case.registered)
    known = set(registered)
    nobodys = [name for name in case.jobs if name not in known and _needs_a_handler(case, name)]
    if case.plugins.found:
        names = [name for name, _ in case.plugins.names()[1:]]
        found = f"{counted(len(names), 'plugin')} found ({', '.join(names)}), with {counted(len(registered), 'job')}"
        yield ok("plugins", found)
    elif not nobodys:
        yield ok("plugins", "no plugin is found, and none is needed")
    elif not _loop_knows_better(case):
        found = "no plugin is found from here, so it is unknown who runs the jobs; a host may register them itself"
        yield note("plugins", found, advice=case.line("manifest", on_file=True))
        return
    yield from (_unregistered(case, name, registered) for name in nobodys)


def _errors(case: Case) -> list[Problem]:
    """Return what keeps the file out of force."""
    known = _loop_knows_better(case)
    return [one for one in case.reading.problems if one.is_error and not (known and one.code == _UNKNOWN_JOB)]


def _saved_and_loaded(case: Case) -> Finding:
    name, generation = case.source.name, case.seen.generation
    config = case.config
    jobs = (
        ""
        if config is None
        else f": {counted(len(config.jobs), 'job')}" + (f", preset {config.preset}" if config.preset else "")
    )
    if case.loop is None:
        return ok("file", f"{name} is valid{jobs}; in force once a loop starts")
    loaded = case.loop.details.get("loaded_at")
    since = "" if loaded is None else f", since {wall_time(datetime.fromisoformat(loaded), case.zone, now=case.now)}"
    if generation is None or generation[3] == case.reading.text:
        return ok("file", f"{name} is in force as it was saved{since}{jobs}")
    saved = datetime.fromtimestamp(case.source.path.stat().st_mtime, UTC)
    if timedelta(0) <= case.now - saved < _SETTLES:
        return note("file", f"{name} was saved just now, and not loaded yet")
    found = (
        f"{name} is not what is in force: it was saved {wall_time(saved, case.zone, now=case.now)}, "
        f"and the loop goes by {generation[2]} as it was before{since}"
    )
    return problem("file", found, advice=f"touch {shlex.quote(name)}")


def _finding_of(one: dict[str, Any]) -> Finding:
    """Return a problem of the file as a finding, with the line to write instead where its hint has one."""
    hint = str(one["hint"])
    _, written, line = hint.partition(_WRITE)
    advice = (line if written else hint).split("\n")[0]
    return problem("file", _placed(one), advice=advice, job=one.get("job"))


def _placed(one: dict[str, Any]) -> str:
    return f"{one['file']}:{one['line']}:{one['column']}: {one['message']}"


def _needs_a_handler(case: Case, name: str) -> bool:
    job = None if case.config is None else case.config.jobs.get(name)
    return job is not None and job.command is None


def _loop_knows_better(case: Case) -> bool:
    """Return whether a running loop has found a plugin for every job: its host may register some unseen here."""
    return case.loop is not None and case.loop.details.get("rejected") is None


def _unregistered(case: Case, name: str, registered: list[str]) -> Finding:
    if _loop_knows_better(case):
        found = "it is registered by the host that runs the loop, and by no plugin that is found from here"
        return ok("plugins", found, job=name)
    near = nearest(name, registered)
    advice = case.line("manifest", on_file=True) if near is None else f"{near}:"
    found = "no plugin registers a job of that name, and it has no command" + (
        "" if near is None else f'; did you mean "{near}"?'
    )
    return problem("plugins", found, advice=advice, job=name)
