"""The starter: a commented schedules.yaml and a hooks/ example, copied to where somebody begins.

An installed distribution carries both within the package; a source checkout has them at its top level.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["Copied", "copy_starter", "starter_files", "write_minimal"]

_PACKAGE: Final = Path(__file__).parent.parent
_LEFT_OUT: Final = frozenset({"__pycache__"})

_MINIMAL: Final = {
    "schedules.yaml": """\
# When each job runs. A save takes effect within a second, or is refused and changes nothing.
timezone: local

schedules:
  hello: every 30 minutes

  disk-space:
    schedule: daily at 2:00 AM
    command: df -h .
""",
    "hooks/hello.py": """\
from aperture_plugin import Job, hookimpl


def hello(run):
    run.log.info("hello from run %s", run.id)


@hookimpl
def aperture_jobs():
    yield Job("hello", hello)
""",
}
"""The content of the file that `init --minimal` writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """The fate of the starter's files, each relative to the folder they were meant for.

    Attributes:
        written: Were not there, and are now.
        left: Were there already, and are as they were.
    """

    written: tuple[Path, ...]
    left: tuple[Path, ...]


def copy_starter(folder: Path) -> Copied:
    """Copy the starter to *folder*, which is made if need be; a file that is there is never touched.

    Raises:
        OSError: A file cannot be written. What was written before it stays.
    """
    written: list[Path] = []
    left: list[Path] = []
    folder.mkdir(parents=True, exist_ok=True)
    for source, name in starter_files():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            # Made by exclusive creation: a file that appears between a look and the writing is not lost either.
            with target.open("xb") as file:
                file.write(source.read_bytes())
        except FileExistsError:
            left.append(name)
            continue
        if os.access(source, os.X_OK):
            target.chmod(target.stat().st_mode | 0o111)
        written.append(name)
    return Copied(written=tuple(written), left=tuple(left))


def write_minimal(folder: Path) -> Copied:
    """Write a file of a few lines and a plugin of a few lines to *folder*; a file that is there is never touched.

    Raises:
        OSError: A file cannot be written.
    """
    written: list[Path] = []
    left: list[Path] = []
    for name, text in _MINIMAL.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with target.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            left.append(Path(name))
        else:
            written.append(Path(name))
    return Copied(written=tuple(written), left=tuple(left))


def starter_files() -> Iterator[tuple[Path, Path]]:
    """Yield each file of the starter, and its name relative to where it goes.

    Raises:
        FileNotFoundError: This installation carries no starter.
    """
    root = next((root for root in (_PACKAGE / "starter", _PACKAGE.parent) if (root / "schedules.yaml").is_file()), None)
    if root is None:
        raise FileNotFoundError("this installation carries no starter; install aperture-plugin anew")
    yield root / "schedules.yaml", Path("schedules.yaml")
    for path in sorted((root / "hooks").rglob("*")):
        name = path.relative_to(root)
        # Files that Python or an editor left there, or that the example made when it ran, are no part of the starter.
        if path.is_file() and not any(part in _LEFT_OUT or part.startswith(".") for part in name.parts):
            yield path, name
