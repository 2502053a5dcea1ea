"""Finds out why a job did not run, runs long, or fails often: every step, and its findings.

The steps go from the outside in: the file, the plugins, the store, the loop, the clock; then, for each job that
is looked at, its schedule, what holds it back, what it waits for, and how its runs have been doing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from aperture_plugin.app.doctor.evidence import Case, examined
from aperture_plugin.app.doctor.file_steps import file_step, plugins_step
from aperture_plugin.app.doctor.findings import Finding, Verdict, finding_json, ok
from aperture_plugin.app.doctor.host_steps import clock_step, loop_step, store_step
from aperture_plugin.app.doctor.queue_steps import needs_step, queue_step
from aperture_plugin.app.doctor.run_steps import (
    durations_step,
    failures_step,
    progress_step,
    ready_step,
    skipped_step,
    slots_step,
)
from aperture_plugin.app.doctor.schedule_steps import pause_step, schedule_step
from aperture_plugin.app.installation import Installation
from aperture_plugin.words.numbers import counted

__all__ = ["Case", "Finding", "Verdict", "diagnose", "examined", "finding_json", "findings_of"]

_FEW_ROWS: Final = 500
"""A page looks at so many rows of each table for damage, the command at more: a page is to be there at once."""


def diagnose(case: Case, job: str | None = None) -> list[Finding]:
    """Walk every step and return what each found, in that order.

    Args:
        job: The job that is asked about; None for all of them, of which each step then tells only what is wrong
            or worth a note, and sums up the rest.
    """
    if job is None:
        case = replace(case, jobs=() if case.config is None else tuple(case.config.jobs))
    else:
        case = replace(case, jobs=(job,))
    found = [*file_step(case), *plugins_step(case), *store_step(case), *loop_step(case), *clock_step(case)]
    found += _of_jobs(case)
    return found if job is not None else list(_summed_up(found, len(case.jobs)))


def findings_of(installation: Installation, job: str | None = None) -> list[Finding]:
    """Return the findings of every step for *installation*, whose store stays open."""
    with examined(
        installation.source(),
        now=installation.now(),
        state=installation.state,
        load=installation.load_plugins,
        lent=True,
        rows=_FEW_ROWS,
    ) as case:
        return diagnose(case, job)


def _of_jobs(case: Case) -> Iterator[Finding]:
    histories = case.histories()
    audited = case.audit()
    accounts = {} if audited is None else {one.job: one for one in audited.jobs}
    for name in case.jobs:
        runs = histories.get(name, [])
        yield from schedule_step(case, name)
        if case.trouble is not None:
            continue  # All that follows is read off the store.
        yield from pause_step(case, name)
        yield from needs_step(case, name)
        yield from queue_step(case, name)
        yield from progress_step(case, name, runs)
        yield from durations_step(case, name, runs)
        yield from ready_step(case, name, runs)
        yield from failures_step(case, name, runs)
        yield from skipped_step(case, name, runs)
        yield from slots_step(case, name, accounts.get(name))


def _summed_up(found: Iterable[Finding], jobs: int) -> Iterator[Finding]:
    """Yield the findings step by step; of what is well with single jobs, only in how many."""
    steps: dict[str, list[Finding]] = {}
    for finding in found:
        steps.setdefault(finding.step, []).append(finding)
    for step, of_step in steps.items():
        yield from (finding for finding in of_step if finding.job is None or finding.verdict is not Verdict.OK)
        well = {finding.job for finding in of_step if finding.job is not None}
        well -= {finding.job for finding in of_step if finding.verdict is not Verdict.OK}
        if well:
            which = "all jobs" if len(well) == jobs else f"{len(well):,} of {counted(jobs, 'job')}"
            yield ok(step, f"nothing to remark on {which}")
