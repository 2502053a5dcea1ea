"""The pipelines under examples/ci and the pre-commit hook: their form, and every command line in them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from jsonschema import validators

REPOSITORY: Final = Path(__file__).parents[2]
EXAMPLES: Final = REPOSITORY / "examples/ci"
BEFORE: Final = "timezone: UTC\nschedules:\n  library-scan: daily at 2:00 AM\n"
AFTER: Final = BEFORE.replace("2:00", "3:00")
BROKEN: Final = BEFORE.replace("library-scan", "libary-scan")


def read(path: Path) -> Any:
    """Read YAML as pipelines do: `on` is a word, not a boolean."""
    return yaml.load(path.read_text(), yaml.BaseLoader)


class Pipeline:
    """A clone in which a branch changes the file, and the programs that a pipeline finds there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "clone"
        self.calls = folder / "calls"
        programs = folder / "programs"
        programs.mkdir()
        for name in ("pip", "gh", "curl"):
            self._program(programs / name, f'echo {name} "$@" >> {self.calls}')
        self._program(programs / "aperture", f'exec {sys.executable} -m aperture_plugin "$@"')
        self.environ = {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "HOME": str(folder),
            "TZ": "UTC",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_AUTHOR_NAME": "a",
            "GIT_AUTHOR_EMAIL": "a@example.org",
            "GIT_COMMITTER_NAME": "a",
            "GIT_COMMITTER_EMAIL": "a@example.org",
        }
        origin = folder / "origin"
        origin.mkdir()
        self._commit(origin, BEFORE, "git init --quiet --initial-branch main .")
        self._run(folder, f"git clone --quiet {origin} {self.folder}")

    def change(self, text: str) -> None:
        """Commit *text* on a branch."""
        self._commit(self.folder, text, "git checkout --quiet -b change")

    def run(self, script: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run *script* as pipelines do, ending where a line fails."""
        return subprocess.run(
            ["bash", "-eo", "pipefail", "-c", script],
            cwd=self.folder,
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            check=False,
        )

    def called(self) -> str:
        return self.calls.read_text() if self.calls.exists() else ""

    def _commit(self, folder: Path, text: str, first: str) -> None:
        self._run(folder, first)
        (folder / "schedules.yaml").write_text(text)
        (folder / "jobs.json").write_text(json.dumps({"jobs": [{"name": "library-scan"}]}))
        self._run(folder, "git add . && git commit --quiet --message change")

    def _run(self, folder: Path, line: str) -> None:
        subprocess.run(["bash", "-ec", line], cwd=folder, env=self.environ, check=True)

    @staticmethod
    def _program(path: Path, line: str) -> None:
        path.write_text(f"#!/bin/sh\n{line}\n")
        path.chmod(0o755)


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    return Pipeline(tmp_path)


@pytest.mark.parametrize(
    ("example", "schema"), [("github-workflow.yml", "github-workflows"), ("gitlab-ci.yml", "gitlab-ci")]
)
def test_each_pipeline_has_the_form_that_its_host_asks_for(example: str, schema: str) -> None:
    document = yaml.safe_load((EXAMPLES / example).read_text())
    form = json.loads((files("check_jsonschema") / f"builtin_schemas/vendor/{schema}.json").read_text())
    document = {"on" if key is True else key: value for key, value in document.items()}

    assert [error.message for error in validators.validator_for(form)(form).iter_errors(document)] == []


def steps_of_github() -> dict[str, str]:
    [job] = read(EXAMPLES / "github-workflow.yml")["jobs"].values()
    return {step["name"]: step["run"] for step in job["steps"] if "run" in step}


def test_on_github_the_change_is_checked_and_told_in_a_comment(pipeline: Pipeline) -> None:
    pipeline.change(AFTER)
    steps = steps_of_github()

    done = [pipeline.run(script, BASE="origin/main", NUMBER="7") for script in steps.values()]

    assert [one.returncode for one in done] == [0, 0, 0], done
    assert "schedules.yaml is valid: 1 job, no problems" in done[1].stdout
    assert "library-scan" in (pipeline.folder / "schedules-diff.md").read_text()
    assert pipeline.called().splitlines() == [
        "pip install aperture-plugin",
        "gh pr comment 7 --edit-last --create-if-none --body-file schedules-diff.md",
    ]


def test_on_github_a_mistake_fails_the_check_and_is_told_all_the_same(pipeline: Pipeline) -> None:
    pipeline.change(BROKEN.replace("daily", "dayly"))
    _, check, tell = steps_of_github().values()

    checked, told = (pipeline.run(script, BASE="origin/main", NUMBER="7") for script in (check, tell))

    assert (checked.returncode, told.returncode) == (1, 0)
    assert checked.stdout.startswith("::error file=schedules.yaml,line=3,")
    assert "dayly" in (pipeline.folder / "schedules-diff.md").read_text()


@pytest.mark.parametrize(("text", "code"), [(AFTER, 0), (BROKEN, 1)])
def test_on_gitlab_the_change_is_told_and_its_reports_are_written(pipeline: Pipeline, text: str, code: int) -> None:
    pipeline.change(text)
    job = read(EXAMPLES / "gitlab-ci.yml")["schedules"]
    server = {"CI_API_V4_URL": "https://x/api/v4", "CI_PROJECT_ID": "3", "CI_MERGE_REQUEST_IID": "7"}

    done = pipeline.run(
        "\n".join([*job["before_script"], *job["script"]]),
        CI_MERGE_REQUEST_DIFF_BASE_SHA="origin/main",
        SCHEDULES_TOKEN="t",
        **server,
    )

    assert done.returncode == code, done
    assert pipeline.called().rstrip().endswith("https://x/api/v4/projects/3/merge_requests/7/notes")
    reports = job["artifacts"]["reports"]
    issues = json.loads((pipeline.folder / reports["codequality"]).read_text())
    assert [issue["check_name"] for issue in issues] == ["unknown-job"] * code
    assert (pipeline.folder / reports["junit"]).read_text().startswith("<?xml")
    assert all((pipeline.folder / path).stat().st_size for path in job["artifacts"]["paths"])


def test_the_pre_commit_hook_checks_the_files_that_it_is_given(pipeline: Pipeline) -> None:
    [hook] = read(REPOSITORY / ".pre-commit-hooks.yaml")
    pipeline.change(BROKEN)

    done = pipeline.run(f"{hook['entry']} --jobs jobs.json schedules.yaml")

    assert {"id", "name", "entry", "language", "files"} <= hook.keys()
    assert (done.returncode, hook["language"]) == (1, "python")
    assert 'did you mean "library-scan"?' in done.stdout
    names = ["schedules.yaml", "a/b/schedules.yml", "compose.yaml", "old-schedules.yaml.txt"]
    assert [bool(re.search(hook["files"], name)) for name in names] == [True, True, False, False]
