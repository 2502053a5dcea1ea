"""The manifest: the jobs that plugins register, as JSON, so that CI can check a file without importing the host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from aperture_plugin.plugins.registry import Plugins
    from aperture_plugin.rules.jobs import Job
from aperture_plugin.words.errors import ApertureError

__all__ = ["FORMAT", "ManifestError", "RegisteredJob", "jobs_of_manifest", "manifest_of"]

FORMAT: Final = 1
"""The version of the manifest; it grows only when an existing part changes its meaning."""


class ManifestError(ApertureError, ValueError):
    """The text given as a manifest is not one; the message says how to make one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredJob:
    """A job as a manifest lists it.

    Attributes:
        plugin: The name of the plugin that registers it.
        params: Its parameters and their defaults, as JSON.
        calls: Number of calls that a run usually spends of each limit.
    """

    name: str
    plugin: str | None = None
    title: str | None = None
    description: str | None = None
    category: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    calls: Mapping[str, int] = field(default_factory=dict)


def manifest_of(plugins: Plugins) -> dict[str, Any]:
    """Return what *plugins* register, ready for `json.dumps`; `jobs_of_manifest` reads it.

    Raises:
        PluginError: As for `Plugins.jobs`.
    """
    return {
        "aperture": FORMAT,
        "plugins": [{"name": name, "origin": origin} for name, origin in plugins.names()[1:]],
        "jobs": [_entry(job, plugins.owner(name)) for name, job in plugins.jobs.items()],
    }


def jobs_of_manifest(manifest: object) -> dict[str, RegisteredJob]:
    """Return the jobs that a manifest lists, by name.

    Args:
        manifest: The result of `json.loads`. A bare list of names, or of entries, is accepted too.
    Raises:
        ManifestError: It is something else.

    >>> list(jobs_of_manifest({"jobs": [{"name": "library-scan"}]}))
    ['library-scan']
    """
    entries = manifest.get("jobs") if isinstance(manifest, Mapping) else manifest
    if not isinstance(entries, list):
        raise ManifestError('this is no manifest: it has no list "jobs"; make one with  aperture manifest > jobs.json')
    if isinstance(manifest, Mapping) and isinstance(made := manifest.get("aperture"), int) and made > FORMAT:
        raise ManifestError(f"this manifest has format {made}, and this aperture reads up to {FORMAT}; upgrade it")
    jobs: dict[str, RegisteredJob] = {}
    for number, entry in enumerate(entries, start=1):
        job = _registered(entry, number)
        jobs[job.name] = job
    return jobs


def _entry(job: Job, owner: str | None) -> dict[str, Any]:
    entry = {
        "name": job.name,
        "plugin": owner,
        "title": job.title,
        "description": job.description,
        "category": job.category,
        "params": {str(name): _plain(value) for name, value in job.params.items()},
        "calls": dict(job.calls),
    }
    return {key: value for key, value in entry.items() if value not in (None, {})}


def _registered(entry: object, number: int) -> RegisteredJob:
    if isinstance(entry, str):
        entry = {"name": entry}
    if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
        raise ManifestError(f'entry {number} under "jobs" has no name; make the manifest with  aperture manifest')
    texts = {key: entry.get(key) for key in ("plugin", "title", "description", "category")}
    return RegisteredJob(
        name=entry["name"],
        **{key: value if isinstance(value, str) else None for key, value in texts.items()},
        params=_mapping(entry.get("params")),
        calls={name: calls for name, calls in _mapping(entry.get("calls")).items() if isinstance(calls, int)},
    )


def _mapping(value: object) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}


def _plain(value: Any) -> Any:
    """Return *value* as JSON; a default of another type becomes text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one) for one in value]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    return str(value)
