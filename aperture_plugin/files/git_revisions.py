"""A file at a git revision, for `aperture diff --git`."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aperture_plugin.files.bounded_read import LARGEST
from aperture_plugin.words.errors import ApertureError

__all__ = ["Repository", "RevisionError"]

_RUN_NOTHING: Final = ("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}", "-c", "diff.external=")
"""Settings by which a repository's own configuration, which may be a stranger's, could have git run a program."""

_FETCH_NOTHING: Final = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none", "GIT_OPTIONAL_LOCKS": "0"}
"""Stops git from fetching missing objects by a command that the repository names."""

_RANGE: Final = re.compile(r"(.*?)(\.\.\.?)(.*)")


class RevisionError(ApertureError):
    """Git cannot find the revision or the file; the message is for the person who typed it."""


@dataclass(frozen=True, slots=True)
class Repository:
    """The git repository that contains *file*, or contained it."""

    file: Path

    def ends(self, revisions: str) -> tuple[str, str] | None:
        """Return the two ends of a range such as `main..HEAD`; `main...HEAD` begins at the merge base.

        None for a text that is not a range.

        Raises:
            RevisionError: One of them is no revision.
        """
        found = _RANGE.fullmatch(revisions)
        if found is None:
            return None
        old, new = found[1] or "HEAD", found[3] or "HEAD"
        if found[2] == "..":
            return old, new
        base = self._git("merge-base", self.commit(old), self.commit(new))
        if base.returncode:
            raise RevisionError(f'"{old}" and "{new}" have no commit in common')
        return base.stdout.decode().strip(), new

    def commit(self, revision: str) -> str:
        """Return the commit that *revision* names.

        Raises:
            RevisionError: There is none, or no repository.
        """
        inside = self._git("rev-parse", "--is-inside-work-tree")
        if inside.returncode:
            raise RevisionError(f"{self.file.parent.absolute()} is in no git repository")
        found = self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        if found.returncode:
            raise RevisionError(f'git knows no revision "{revision}"')
        return found.stdout.decode().strip()

    def content(self, commit: str, *, seen_from: str | None = None) -> bytes | None:
        """Return the content of the file at *commit*; None if it did not exist.

        Args:
            seen_from: A later commit, or an empty text for the working tree. If the file was renamed between the two,
                its content under the former name is returned.
        Raises:
            RevisionError: Git cannot say.
        """
        name = f"./{self.file.name}"
        if seen_from is not None and not self._has(commit, name):
            name = self._former_name(commit, seen_from) or name
        if not self._has(commit, name):
            return None
        size = self._git("cat-file", "-s", f"{commit}:{name}").stdout
        if size.strip().isdigit() and int(size) > LARGEST:
            raise RevisionError(f"{self.file.name} at {commit[:12]} is larger than {LARGEST // 1024**2} MiB")
        found = self._git("cat-file", "blob", f"{commit}:{name}")
        if found.returncode:
            raise RevisionError(f"{self.file.name} at {commit[:12]} is no file")
        return found.stdout

    def _has(self, commit: str, name: str) -> bool:
        return self._git("cat-file", "-e", f"{commit}:{name}").returncode == 0

    def _former_name(self, commit: str, later: str) -> str | None:
        """Return the file's former path from the top of the repository, if git detects a rename."""
        # The index stands for the working tree: to compare that itself, git would run the filters of its configuration.
        compared = ["diff-tree", "-r", commit, later] if later else ["diff-index", "--cached", commit]
        plainly = ["--no-ext-diff", "--no-textconv", "--name-status", "--find-renames", "--diff-filter=R", "-z"]
        asked = [compared[0], *plainly, *compared[1:]]
        prefix = self._git("rev-parse", "--show-prefix").stdout.decode().strip()
        fields = self._git(*asked).stdout.decode(errors="surrogateescape").split("\0")
        for before, after in zip(fields[1::3], fields[2::3], strict=False):
            if after == f"{prefix}{self.file.name}":
                return before
        return None

    def _git(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(  # noqa: S603  # no shell reads it, and what a person typed stands behind an option's end
                ["git", "--no-pager", *_RUN_NOTHING, *words],  # noqa: S607  # whichever git the person has
                cwd=self.file.parent,
                env={**os.environ, **_FETCH_NOTHING},
                capture_output=True,
                check=False,
                stdin=subprocess.DEVNULL,
            )
        except FileNotFoundError:
            if not self.file.parent.is_dir():
                raise RevisionError(f"{self.file.parent} is not there") from None
            raise RevisionError("git is not installed here") from None
