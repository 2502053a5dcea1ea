"""What .ci/run stands on: the README's own line, and no test that quietly does nothing."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]


def pytest_in(folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the tests of a folder as this project's are run."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", "--continue-on-collection-errors"],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")} | environ,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def skipping(tmp_path: Path) -> Path:
    """A test that skips itself, and a module that does, below the project's own conftest.py."""
    (tmp_path / "conftest.py").write_text(Path(__file__).with_name("conftest.py").read_text())
    (tmp_path / "test_one.py").write_text("import pytest\n\ndef test():\n    pytest.skip('no browser')\n")
    (tmp_path / "test_three.py").write_text("import pytest\n\ndef test():\n    pytest.skip('no browser')\n")
    (tmp_path / "test_two.py").write_text("import pytest\n\npytest.importorskip('no_such_thing')\n")
    return tmp_path


def test_a_skip_is_a_failure_where_everything_has_to_be_there(skipping: Path) -> None:
    done = pytest_in(skipping, APERTURE_TEST_REQUIRE="1")

    assert done.returncode != 0
    assert "no browser (and APERTURE_TEST_REQUIRE is set)" in done.stdout
    assert "could not import 'no_such_thing'" in done.stdout


def test_a_skip_is_a_skip_elsewhere(skipping: Path) -> None:
    done = pytest_in(skipping, APERTURE_TEST_REQUIRE="")

    assert "3 skipped" in done.stdout


def test_what_is_left_out_is_said_in_one_line_for_each_reason(skipping: Path) -> None:
    done = pytest_in(skipping, APERTURE_TEST_REQUIRE="")

    left_out = [line for line in done.stdout.splitlines() if "left out" in line]
    assert sorted(left_out) == [
        "left out: 1 test: could not import 'no_such_thing': No module named 'no_such_thing'",
        "left out: 2 tests: no browser",
    ]


@pytest.mark.parametrize("started", ["nohup", "in the background"])
def test_a_program_that_a_test_starts_meets_signals_as_in_a_shell_however_the_suite_was_started(
    started: str, tmp_path: Path
) -> None:
    (tmp_path / "conftest.py").write_text(Path(__file__).with_name("conftest.py").read_text())
    (tmp_path / "test_child.py").write_text(
        "import os, signal, subprocess, sys\n\n\ndef test():\n    os.kill(os.getpid(), signal.SIGHUP)\n"
        "    code = 'import signal; print(*(signal.getsignal(n) is signal.SIG_IGN for n in (1, 2)))'\n"
        "    shown = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True).stdout\n"
        "    assert shown == 'False False\\n'\n"
    )

    def ignore() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        if started == "in the background":
            signal.signal(signal.SIGINT, signal.SIG_IGN)

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "APERTURE_TEST_"))},
        preexec_fn=ignore,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_what_ci_runs_is_the_readmes_second_command() -> None:
    script = (REPOSITORY / ".ci/run").read_text(encoding="utf-8")
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8").splitlines()

    [found] = [line for line in readme if "-m pytest" in line and line.startswith("python3 ")]

    assert found == next(line for line in readme if "-m pytest" in line)
    assert "--fixed-strings -- '-m pytest' README.md" in script


def test_ci_can_be_run() -> None:
    script = REPOSITORY / ".ci/run"

    assert script.stat().st_mode & stat.S_IXUSR
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0
