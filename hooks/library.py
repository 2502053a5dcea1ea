"""The example plugin: ten jobs that keep a small media library.

Every `hooks/*.py` beside schedules.yaml is a plugin: this module's functions marked with `@hookimpl` are called when
the file is loaded, and the handlers of its jobs when they are due.

    aperture run library-scan --wait

The first run makes the library from invented titles, in `media-library` beside schedules.yaml; see `medialibrary/`.
Use this file as a pattern and delete the rest, or set `folder` to another place:

    defaults:
      params:
        folder: /srv/films
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

from aperture_plugin import Config, Job, LiveRun, Problem, hookimpl

from .medialibrary.jobs import (
    database_backup,
    discovery,
    embeddings,
    enrichment,
    library_build,
    library_scan,
    recommendations,
    top_picks,
    user_sync,
    watch_history,
)
from .medialibrary.opening import library_size
from .medialibrary.parameters import FOLDER, Parameter, Unfit

__all__ = ["aperture_jobs", "aperture_library_size", "aperture_lint"]

PARAMETERS: Final[Mapping[str, Sequence[Parameter]]] = {
    "user-sync": user_sync.PARAMETERS,
    "database-backup": database_backup.PARAMETERS,
    "library-scan": library_scan.PARAMETERS,
    "watch-history": watch_history.PARAMETERS,
    "embeddings": embeddings.PARAMETERS,
    "recommendations": recommendations.PARAMETERS,
    "library-build": library_build.PARAMETERS,
    "top-picks": top_picks.PARAMETERS,
    "enrichment": enrichment.PARAMETERS,
    "discovery": discovery.PARAMETERS,
}
"""The parameters of each job, which the file may change under `params`."""


@hookimpl
def aperture_jobs() -> Iterator[Job]:
    """Offer the ten jobs; schedules.yaml says when they run."""
    yield _job("user-sync", user_sync.sync, "sync", "Brings the media server's users over.")
    yield _job("database-backup", database_backup.back_up, "maintenance", "Copies the database, and keeps the newest.")
    yield _job("library-scan", library_scan.scan, "sync", "Indexes what is new, changed or gone in the media folder.")
    yield _job("watch-history", watch_history.import_history, "sync", "Imports who watched what since the last time.")
    yield _job(
        "embeddings", embeddings.compute, "recommendations", "Works out what titles are about, and which are alike."
    )
    yield _job("recommendations", recommendations.recommend, "recommendations", "Ranks unseen titles for each user.")
    yield _job(
        "library-build", library_build.build, "recommendations", "Writes each user's recommendations as a playlist."
    )
    yield _job("top-picks", top_picks.pick, "recommendations", "Lists what most people watched lately.")
    yield _job(
        "enrichment",
        enrichment.enrich,
        "enrichment",
        "Fills in what the files do not say of a title.",
        calls={enrichment.LIMIT: enrichment.USUAL_CALLS},
    )
    yield _job(
        "discovery",
        discovery.discover,
        "enrichment",
        "Finds titles like people's favorites that the library does not have.",
        calls={discovery.LIMIT: discovery.USUAL_CALLS},
    )


@hookimpl
def aperture_library_size() -> int:
    """Return how many titles the library beside schedules.yaml holds, so that `preset: auto` can pick a preset."""
    return library_size(FOLDER.read({}))


@hookimpl
def aperture_lint(config: Config) -> Iterator[Problem]:
    """Yield problems for parameters that a job would refuse or ignore, before it is due."""
    all_names = {parameter.name for parameters in PARAMETERS.values() for parameter in parameters}
    for name, parameters in PARAMETERS.items():
        job = config.jobs.get(name)
        if job is None or job.command is not None:
            continue
        for parameter in parameters:
            try:
                parameter.read(job.params)
            except Unfit as unfit:
                hint = f"write  {parameter.name}: {parameter.default}  under params, or leave it out"
                yield config.problem("library-param", message=str(unfit), hint=hint, job=name, severity="error")
        # `defaults` gives its params to every job, so one that any of them has is no mistake.
        for word in sorted(job.params.keys() - all_names):
            near = get_close_matches(word, all_names, n=1)
            hint = f"expected one of {', '.join(parameter.name for parameter in parameters)}"
            if near:
                hint += f'; did you mean "{near[0]}"?'
            yield config.problem("library-param", message=f'params: "{word}" is none of {name}', hint=hint, job=name)


def _job(
    name: str,
    handler: Callable[[LiveRun], Any],
    category: str,
    description: str,
    *,
    calls: Mapping[str, int] | None = None,
) -> Job:
    return Job(
        name,
        handler,
        title=name.replace("-", " ").title(),
        description=description,
        category=category,
        params={parameter.name: parameter.default for parameter in PARAMETERS[name]},
        permanent=(Unfit,),
        calls=calls or {},
    )
