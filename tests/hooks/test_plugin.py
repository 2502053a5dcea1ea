"""What `hooks/library.py` offers: ten jobs, the size of the library, and a second look at the file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from zoneinfo import ZoneInfo

import pytest

from aperture_plugin.config.model import Config, ReadContext
from aperture_plugin.config.reader import read
from aperture_plugin.plugins.hook_validation import check_plugin
from aperture_plugin.plugins.hooks_folder import import_folder
from aperture_plugin.rules.jobs import Job

from .conftest import HOOKS, IN_ORDER, FakeRun, MediaLibrary


def config_of(text: str) -> Config:
    reading = read(text, ReadContext(file="schedules.yaml", environ={}, known_jobs=None, local_zone=ZoneInfo("UTC")))
    assert reading.config is not None, reading.problems
    return reading.config


def copy_of_hooks(folder: Path) -> ModuleType:
    """Lay `hooks/` beside a schedules.yaml that could stand in *folder*, and load it from there."""
    shutil.copytree(HOOKS, folder / "hooks", ignore=shutil.ignore_patterns("__pycache__"))
    [(_, module)] = import_folder(folder / "hooks")
    assert isinstance(module, ModuleType), module
    return module


def test_the_plugin_is_one_that_aperture_takes(plugin: ModuleType) -> None:
    assert list(check_plugin("hooks/library.py", plugin)) == []


def test_ten_jobs_are_offered_by_the_names_of_the_starter_file(jobs: Mapping[str, Job]) -> None:
    assert {name: (job.title, job.category) for name, job in jobs.items()} == {
        "user-sync": ("User Sync", "sync"),
        "database-backup": ("Database Backup", "maintenance"),
        "library-scan": ("Library Scan", "sync"),
        "watch-history": ("Watch History", "sync"),
        "embeddings": ("Embeddings", "recommendations"),
        "recommendations": ("Recommendations", "recommendations"),
        "library-build": ("Library Build", "recommendations"),
        "top-picks": ("Top Picks", "recommendations"),
        "enrichment": ("Enrichment", "enrichment"),
        "discovery": ("Discovery", "enrichment"),
    }


@pytest.mark.parametrize("name", IN_ORDER)
def test_each_job_describes_itself_and_its_parameters_in_json(jobs: Mapping[str, Job], name: str) -> None:
    job = jobs[name]

    params = json.loads(json.dumps(dict(job.params)))

    assert params["folder"] == "media-library"
    assert all(type(value) is int for key, value in params.items() if key != "folder")
    assert job.description
    assert job.description.endswith(".")


def test_by_default_the_library_lies_beside_the_folder_of_hooks(tmp_path: Path) -> None:
    plugin = copy_of_hooks(tmp_path)
    [scan] = [job for job in plugin.aperture_jobs() if job.name == "library-scan"]

    result = scan.handler(FakeRun(scan, {}))

    assert result["added"] == 220
    assert (tmp_path / "media-library" / "library.db").is_file()


def test_a_library_that_was_never_scanned_is_as_large_as_what_is_shipped(tmp_path: Path) -> None:
    plugin = copy_of_hooks(tmp_path)

    assert plugin.aperture_library_size() == 220
    assert not (tmp_path / "media-library").exists()


def test_a_scanned_library_is_as_large_as_it_is(tmp_path: Path, jobs: Mapping[str, Job]) -> None:
    plugin = copy_of_hooks(tmp_path)
    library = MediaLibrary(tmp_path / "media-library", jobs)
    library.run("library-scan")
    for file in (library.root / "media" / "series").glob("*.nfo"):
        file.unlink()
    library.run("library-scan")

    assert plugin.aperture_library_size() == 160


def test_a_library_whose_scan_was_never_finished_counts_as_never_scanned(
    tmp_path: Path, jobs: Mapping[str, Job]
) -> None:
    plugin = copy_of_hooks(tmp_path)
    MediaLibrary(tmp_path / "media-library", jobs).run("user-sync")

    assert plugin.aperture_library_size() == 220


def test_an_empty_database_file_counts_as_never_scanned(tmp_path: Path) -> None:
    plugin = copy_of_hooks(tmp_path)
    (tmp_path / "media-library").mkdir()
    (tmp_path / "media-library" / "library.db").touch()

    assert plugin.aperture_library_size() == 220


def test_a_parameter_that_a_job_would_refuse_is_an_error_of_the_file(plugin: ModuleType) -> None:
    config = config_of("schedules:\n  database-backup:\n    type: manual\n    params:\n      keep: none\n")

    [problem] = plugin.aperture_lint(config)

    assert problem.is_error
    assert (problem.code, problem.job, problem.place.line) == ("library-param", "database-backup", 2)
    assert problem.message == 'keep: expected a whole number from 1 to 1000, found "none"'
    assert problem.hint == "write  keep: 7  under params, or leave it out"


def test_a_misspelt_parameter_is_a_warning_with_the_nearest_name(plugin: ModuleType) -> None:
    config = config_of("schedules:\n  top-picks:\n    type: manual\n    params:\n      dayz: 7\n")

    [problem] = plugin.aperture_lint(config)

    assert not problem.is_error
    assert problem.message == 'params: "dayz" is none of top-picks'
    assert problem.hint == 'expected one of folder, days, count; did you mean "days"?'


def test_a_parameter_given_to_all_jobs_is_no_mistake_in_those_that_lack_it(plugin: ModuleType) -> None:
    config = config_of(
        "defaults:\n  params:\n    folder: /srv/films\n    keep: 3\n"
        "schedules:\n  user-sync: manual\n  database-backup: manual\n"
    )

    assert list(plugin.aperture_lint(config)) == []


def test_jobs_that_are_not_ours_are_nobodys_business(plugin: ModuleType) -> None:
    config = config_of(
        "schedules:\n  mow-the-lawn:\n    type: manual\n    params:\n      keep: grass\n"
        "  database-backup:\n    type: manual\n    command: pg_dump\n    params:\n      keep: none\n"
    )

    assert list(plugin.aperture_lint(config)) == []


@pytest.mark.parametrize("value", ["", "0", "1001", "-1", "7.5", "seven", "٧", True])
def test_a_value_that_is_no_fitting_number_ends_the_run_for_good(
    library: MediaLibrary, jobs: Mapping[str, Job], value: object
) -> None:
    with pytest.raises(ValueError, match="keep: expected a whole number from 1 to 1000") as refused:
        library.run("database-backup", keep=value)

    assert isinstance(refused.value, jobs["database-backup"].permanent)


def test_numbers_may_come_as_the_text_that_a_file_holds(library: MediaLibrary) -> None:
    assert library.run("database-backup", keep=" 3 ")["kept"] == 1
