"""What plugins register, told to a pipeline that has none of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aperture_plugin import Job, hookimpl
from aperture_plugin.plugins.manifest import ManifestError, RegisteredJob, jobs_of_manifest, manifest_of

from .conftest import Folder


class Library:
    """A host with one plain job and one with everything."""

    @hookimpl
    def aperture_jobs(self) -> list[Job]:
        return [
            Job("plain", print),
            Job(
                "backup",
                print,
                title="Database Backup",
                description="Copies the database.",
                category="maintenance",
                params={"keep": 7, "folder": Path("backups"), "kinds": ("full",)},
                calls={"tmdb": 40},
            ),
        ]


def test_a_manifest_lists_what_is_registered_and_nothing_that_is_not_there(folder: Folder) -> None:
    assert manifest_of(folder.load(Library())) == {
        "aperture": 1,
        "plugins": [{"name": "Library", "origin": "host"}],
        "jobs": [
            {"name": "plain", "plugin": "Library"},
            {
                "name": "backup",
                "plugin": "Library",
                "title": "Database Backup",
                "description": "Copies the database.",
                "category": "maintenance",
                "params": {"keep": 7, "folder": "backups", "kinds": ["full"]},
                "calls": {"tmdb": 40},
            },
        ],
    }


def test_a_manifest_written_and_read_again_names_the_same_jobs(folder: Folder) -> None:
    plugins = folder.load(Library())

    jobs = jobs_of_manifest(json.loads(json.dumps(manifest_of(plugins))))

    assert list(jobs) == list(plugins.jobs)
    assert jobs["plain"] == RegisteredJob(name="plain", plugin="Library")
    assert jobs["backup"].calls == {"tmdb": 40}


def test_names_alone_are_enough() -> None:
    assert list(jobs_of_manifest(["scan", {"name": "backup"}])) == ["scan", "backup"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, 'this is no manifest: it has no list "jobs"; make one with  aperture manifest > jobs.json'),
        ("scan", 'this is no manifest: it has no list "jobs"; make one with  aperture manifest > jobs.json'),
        ([3], 'entry 1 under "jobs" has no name; make the manifest with  aperture manifest'),
        ({"jobs": ["a", {}]}, 'entry 2 under "jobs" has no name; make the manifest with  aperture manifest'),
        ({"aperture": 2, "jobs": []}, "this manifest has format 2, and this aperture reads up to 1; upgrade it"),
    ],
)
def test_what_is_no_manifest_is_told_in_words(given: object, told: str) -> None:
    with pytest.raises(ManifestError) as refused:
        jobs_of_manifest(given)

    assert str(refused.value) == told
