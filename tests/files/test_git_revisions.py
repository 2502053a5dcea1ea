"""A repository of a stranger: `diff --git` reads it, and nothing that its configuration names is run."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from aperture_plugin.files.git_revisions import Repository, RevisionError

HOOKS = (
    "post-checkout",
    "post-index-change",
    "reference-transaction",
    "pre-auto-gc",
    "fsmonitor-watchman",
    "post-merge",
)
QUIET = {
    **{key: value for key, value in os.environ.items() if not key.startswith("GIT_")},
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    **dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "ada"),
    **dict.fromkeys(("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), "ada@example.org"),
}


@pytest.fixture
def ran(tmp_path: Path) -> Path:
    """The file that whatever is run would write."""
    return tmp_path / "ran"


@pytest.fixture
def repository(tmp_path: Path, ran: Path) -> Path:
    """A repository with two commits, the second of which renames the file, and with every trap that git knows."""
    home = tmp_path / "repository"
    (home / "jobs").mkdir(parents=True)

    def git(*words: str) -> None:
        subprocess.run(["git", *words], cwd=home, env=QUIET, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    (home / "jobs" / "old.yaml").write_text("schedules:\n  scan: daily at 2 AM\n  sync: every hour\n")
    git("add", ".")
    git("commit", "-q", "-m", "first")
    git("mv", "jobs/old.yaml", "jobs/schedules.yaml")
    git("commit", "-q", "-m", "second")

    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\necho \"$0 $*\" >> '{ran}'\ncat\n")
    trap.chmod(0o755)
    for hook in HOOKS:
        link = home / ".git" / "hooks" / hook
        link.parent.mkdir(exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(trap)
    (home / ".gitattributes").write_text("* filter=trap diff=trap merge=trap\n")
    (home / ".git" / "info").mkdir(exist_ok=True)
    (home / ".git" / "info" / "attributes").write_text("* filter=trap diff=trap merge=trap\n")
    (home / ".gitmodules").write_text('[submodule "m"]\n\tpath = m\n\turl = ext::sh -c trap\n\tupdate = !trap\n')
    settings = {
        "core.fsmonitor": trap,
        "core.hooksPath": home / ".git" / "hooks",
        "core.pager": trap,
        "core.editor": trap,
        "core.sshCommand": trap,
        "core.askPass": trap,
        "core.alternateRefsCommand": trap,
        "credential.helper": trap,
        "diff.external": trap,
        "diff.trap.command": trap,
        "diff.trap.textconv": trap,
        "filter.trap.clean": trap,
        "filter.trap.smudge": trap,
        "filter.trap.process": trap,
        "filter.trap.required": "true",
        "gpg.program": trap,
        "log.showSignature": "true",
        "merge.trap.driver": trap,
        "pager.cat-file": trap,
        "alias.cat-file": f"!{trap}",
        "uploadpack.packObjectsHook": trap,
        "submodule.m.update": f"!{trap}",
        "submodule.recurse": "true",
        "diff.submodule": "diff",
        "remote.origin.url": f"ext::{trap}",
        "remote.origin.promisor": "true",
        "remote.origin.partialclonefilter": "blob:none",
        "extensions.partialClone": "origin",
        "protocol.ext.allow": "always",
    }
    git("config", "core.repositoryformatversion", "1")
    for key, value in settings.items():
        git("config", key, str(value))
    return home


def test_nothing_that_a_strangers_repository_names_is_run(
    repository: Path, ran: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    (repository / "jobs" / "schedules.yaml").write_text("schedules:\n  scan: daily at 3 AM\n")
    ran.unlink(missing_ok=True)
    read = Repository(repository / "jobs" / "schedules.yaml")

    first, last = read.commit("HEAD~1"), read.commit("HEAD")

    assert read.ends("HEAD~1..HEAD") == ("HEAD~1", "HEAD")
    assert read.ends("HEAD~1...HEAD") == (first, "HEAD")
    assert read.content(last) == read.content(first, seen_from=last) == read.content(first, seen_from="")
    assert read.content(first) is None
    assert not ran.exists(), ran.read_text()
    subprocess.run(["git", "diff", "HEAD"], cwd=repository, env=QUIET, check=False, capture_output=True)
    assert ran.exists(), "the traps are set"


def test_an_object_that_is_missing_is_not_fetched_by_a_command_of_the_repository(repository: Path, ran: Path) -> None:
    blob = subprocess.run(
        ["git", "rev-parse", "HEAD:jobs/schedules.yaml"], cwd=repository, env=QUIET, check=True, capture_output=True
    ).stdout.decode()
    (repository / ".git" / "objects" / blob[:2] / blob.strip()[2:]).unlink()
    ran.unlink(missing_ok=True)
    read = Repository(repository / "jobs" / "schedules.yaml")

    assert read.content(read.commit("HEAD")) is None
    assert not ran.exists(), ran.read_text()


@pytest.mark.parametrize("revision", ["--upload-pack=touch x", "-x", "main; touch x", "$(touch x)", ""])
def test_a_revision_is_never_an_option_or_a_command(repository: Path, revision: str) -> None:
    with pytest.raises(RevisionError):
        Repository(repository / "jobs" / "schedules.yaml").commit(revision)

    assert not list(repository.rglob("x"))
