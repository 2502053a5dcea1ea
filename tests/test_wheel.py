"""The distribution: what a wheel carries, and that it works where nothing of the repository is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from aperture_plugin import __version__

REPOSITORY = Path(__file__).parents[1]
SHIPPED = ("aperture_plugin", "hooks", "schedules.yaml", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of what it is made of."""
    source = tmp_path_factory.mktemp("source")
    for name in SHIPPED:
        if (REPOSITORY / name).is_dir():
            shutil.copytree(REPOSITORY / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(REPOSITORY / name, source / name)
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel"], cwd=source, check=True)
    [built] = (source / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds what the wheel installs."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def aperture(*words: str, installed: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Type a command in *folder*, where only the wheel's own modules are found."""
    return subprocess.run(
        [sys.executable, "-m", "aperture_plugin", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(installed), "PYTHONWARNINGS": "error"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_wheel_carries_the_package_and_what_init_writes(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())

    modules = {path.relative_to(REPOSITORY).as_posix() for path in (REPOSITORY / "aperture_plugin").rglob("*.py")}
    hooks = {
        f"aperture_plugin/starter/{path.relative_to(REPOSITORY).as_posix()}"
        for path in (REPOSITORY / "hooks").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert names >= modules | hooks | {"aperture_plugin/py.typed", "aperture_plugin/starter/schedules.yaml"}
    assert not [name for name in names if name.startswith(("tests/", "examples/", "hooks/"))]


def test_what_init_writes_from_a_wheel_is_what_the_repository_shows(installed: Path, tmp_path: Path) -> None:
    written = aperture("init", installed=installed, folder=tmp_path)

    assert (written.returncode, written.stderr) == (0, "")
    assert (tmp_path / "schedules.yaml").read_bytes() == (REPOSITORY / "schedules.yaml").read_bytes()
    assert (tmp_path / "hooks/library.py").read_bytes() == (REPOSITORY / "hooks/library.py").read_bytes()


def test_what_init_writes_from_a_wheel_has_no_problem(installed: Path, tmp_path: Path) -> None:
    aperture("init", installed=installed, folder=tmp_path)

    checked = aperture("check", "--strict", installed=installed, folder=tmp_path)
    coming = aperture("next", "--count", "3", installed=installed, folder=tmp_path)

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert (coming.returncode, len(coming.stdout.splitlines())) == (0, 3)


def test_a_wheel_tells_its_version(installed: Path, tmp_path: Path) -> None:
    told = aperture("--version", installed=installed, folder=tmp_path)

    assert told.stdout == f"aperture {__version__}\n"
