"""Manifests that a person names: read, or refused in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from aperture_plugin.cli.exit_codes import WrongUsage
from aperture_plugin.files.bounded_read import LARGEST, read_bounded, shown
from aperture_plugin.plugins.manifest import ManifestError, RegisteredJob, jobs_of_manifest

__all__ = ["read_manifest"]

_HOW: Final = "aperture manifest > jobs.json makes one"


def read_manifest(path: Path) -> dict[str, RegisteredJob]:
    """Return the jobs that the manifest at *path* lists, by name.

    Raises:
        WrongUsage: It is not there, cannot be read, or is no manifest.
    """
    name = shown(path)
    try:
        data = read_bounded(path)
    except OSError as error:
        raise WrongUsage(f"{name} cannot be read: {error.strerror}") from None
    if data is None:
        raise WrongUsage(f"{name} is not there", hint=_HOW)
    if len(data) > LARGEST:
        raise WrongUsage(f"{name} is larger than {LARGEST // 1024**2} MiB", hint=_HOW)
    try:
        return jobs_of_manifest(json.loads(data))
    except ManifestError as error:
        raise WrongUsage(f"{name}: {error}") from None
    except (ValueError, RecursionError):
        raise WrongUsage(f"{name} is not JSON", hint=_HOW) from None
