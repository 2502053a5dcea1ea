"""A file as it stood in a git revision: what `aperture diff --git` holds against each other."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["Repository", "RevisionError"]

_RANGE: Final = re.compile(r"(.*?)(\.\.\.?)(.*)")


class RevisionError(Exception):
    """Git cannot answer; the message is for whoever typed the revision."""


@dataclass(frozen=True, slots=True)
class Repository:
    """The git repository that *file* lies in, or lay in."""

    file: Path

    def ends(self, revisions: str) -> tuple[str, str] | None:
        """Return the two ends of a range such as `main..HEAD`; of `main...HEAD` from where the two parted.

        None for what is no range.

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
        """Return what the file held at *commit*; None if it was not there.

        Args:
            seen_from: A later commit, or an empty text for the working tree: where the file got its present name on
                the way there, what it held under its former one.
        Raises:
            RevisionError: Git cannot say.
        """
        name = f"./{self.file.name}"
        if seen_from is not None and not self._has(commit, name):
            name = self._former_name(commit, seen_from) or name
        if not self._has(commit, name):
            return None
        found = self._git("cat-file", "blob", f"{commit}:{name}")
        if found.returncode:
            raise RevisionError(f"{self.file.name} at {commit[:12]} is no file")
        return found.stdout

    def _has(self, commit: str, name: str) -> bool:
        return self._git("cat-file", "-e", f"{commit}:{name}").returncode == 0

    def _former_name(self, commit: str, later: str) -> str | None:
        """Return the name from the top of the repository that became the file's present one, if git sees that."""
        asked = [
            "diff",
            "--name-status",
            "--find-renames",
            "--diff-filter=R",
            "-z",
            commit,
            *([later] if later else []),
        ]
        prefix = self._git("rev-parse", "--show-prefix").stdout.decode().strip()
        fields = self._git(*asked).stdout.decode(errors="surrogateescape").split("\0")
        for before, after in zip(fields[1::3], fields[2::3], strict=False):
            if after == f"{prefix}{self.file.name}":
                return before
        return None

    def _git(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(  # noqa: S603  # no shell reads it, and what a person typed stands behind an option's end
                ["git", *words],  # noqa: S607  # whichever git the person has
                cwd=self.file.parent,
                capture_output=True,
                check=False,
                stdin=subprocess.DEVNULL,
            )
        except FileNotFoundError:
            if not self.file.parent.is_dir():
                raise RevisionError(f"{self.file.parent} is not there") from None
            raise RevisionError("git is not installed here") from None
