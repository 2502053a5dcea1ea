"""Names that a shell may complete: jobs of the file, and runs of its store."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import click
from click.shell_completion import CompletionItem

__all__ = ["complete_jobs", "complete_jobs_and_runs"]

_MOST_RUNS = 50


def complete_jobs(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the jobs whose names begin with *incomplete*; none where no file can be read."""
    return [CompletionItem(job) for job in _jobs(_file(context)) if job.startswith(incomplete)]


def complete_jobs_and_runs(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the same, and the latest runs whose ids begin with *incomplete*, each with its job."""
    found = complete_jobs(context, parameter, incomplete)
    return [*found, *(item for item in _runs(_file(context)) if str(item.value).startswith(incomplete))]


def _file(context: click.Context) -> Path:
    named = context.params.get("option") or context.find_root().params.get("file")
    return Path(named or os.environ.get("APERTURE_CONFIG") or "schedules.yaml")


def _jobs(file: Path) -> list[str]:
    from aperture_plugin.cli import file_session

    config = file_session.judged(file_session.source_of(file)).config
    return [] if config is None else list(config.jobs)


def _runs(file: Path) -> Iterator[CompletionItem]:
    from aperture_plugin.app.store_access import opened_to_look
    from aperture_plugin.cli import file_session
    from aperture_plugin.ports import RunQuery, StoreRefused, StoreUnavailable

    source = file_session.source_of(file)
    try:
        with opened_to_look(source, file_session.judged(source), url=None) as store:
            runs = store.history(RunQuery(limit=_MOST_RUNS))
    except (StoreRefused, StoreUnavailable):
        return
    yield from (CompletionItem(run_id, help=job) for run_id, job in dict.fromkeys((run.id, run.job) for run in runs))
