"""A process is told from any other by its number, its boot and its beginning."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

from aperture_plugin.clock import process_liveness
from aperture_plugin.clock.process_liveness import boot_identity, here, is_alive
from aperture_plugin.executors.run_processes import end_group


def begun_for(run_id: str, code: str = "print(flush=True); input()") -> subprocess.Popen[bytes]:
    """Begin a process in a group of its own, as an executor does for a run; its *code* prints a line."""
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "APERTURE_RUN": run_id},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    # Popen returns in the middle of the exec, in which /proc shows no environment for a moment.
    assert process.stdout is not None
    select.select([process.stdout], [], [], 60)
    return process


def test_this_process_lives() -> None:
    assert is_alive(os.getpid(), boot_identity(os.getpid()))


def test_another_process_with_a_recycled_number_is_not_taken_for_it() -> None:
    boot, _, begun = boot_identity(os.getpid()).rpartition("/")

    assert not is_alive(os.getpid(), f"{boot}/{int(begun) - 1}")
    assert not is_alive(os.getpid(), f"another-boot/{begun}")


def test_numbers_of_another_container_are_told_from_ours() -> None:
    code = (
        "import os; from aperture_plugin.clock.process_liveness import boot_identity; print(boot_identity(os.getpid()))"
    )
    apart = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc"]

    def there(*words: str) -> str:
        told = subprocess.run([*words, sys.executable, "-c", code], capture_output=True, text=True, check=False)
        if told.returncode != 0:
            pytest.skip(f"no numbers of one's own here: {told.stderr}")
        return told.stdout.partition("/")[0]

    ours = boot_identity(os.getpid()).partition("/")[0]

    assert there() == ours == here()
    assert len({ours, there(*apart), there(*apart)}) == 3


def test_a_machine_is_known_again_after_a_boot_and_a_container_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine, boot, numbers = (tmp_path / name for name in ("machine", "boot", "numbers"))
    for name, path in {"_MACHINE_ID": machine, "_BOOT_ID": boot, "_NUMBERS": numbers}.items():
        monkeypatch.setattr(process_liveness, name, path)

    def at(space: str, booted: str, machine_id: str = "3d12") -> str:
        numbers.unlink(missing_ok=True)
        numbers.symlink_to(space)
        boot.write_text(booted)
        machine.write_text(machine_id)
        process_liveness._here.cache_clear()
        return here()

    try:
        own, another = "pid:[4026531836]", "pid:[4026532180]"
        assert at(own, "monday") == at(own, "tuesday") != at(own, "tuesday", "9aa0")
        assert at(own, "monday", "") != at(own, "tuesday", "")
        assert at(another, "monday") == at(another, "monday", "9aa0") != at(another, "tuesday")
        assert at(another, "monday") != at("pid:[4026532181]", "monday")
        numbers.unlink()
        process_liveness._here.cache_clear()
        assert here() == ""
    finally:
        process_liveness._here.cache_clear()


def test_a_process_that_ended_lives_no_more_even_before_it_is_reaped() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    identity = boot_identity(child.pid)
    alive = is_alive(child.pid, identity)

    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    as_a_zombie = is_alive(child.pid, identity)
    child.communicate()

    assert (alive, as_a_zombie, is_alive(child.pid, identity)) == (True, False, False)


def test_a_process_nobody_knows_lives_not() -> None:
    assert not is_alive(os.getpid(), "")
    assert boot_identity(2**22 + 1) == ""


def test_a_group_is_ended_whole_and_one_that_is_gone_is_passed_over() -> None:
    child = begun_for("a1")

    end_group(child.pid, "a1")
    code = child.wait(timeout=10)
    end_group(child.pid, "a1")
    child.communicate()

    assert code == -9


def test_what_has_left_the_group_of_a_dead_process_is_ended_too() -> None:
    leader = begun_for("a1", "import os, sys; os.fork() or (os.setsid(), print(os.getpid(), flush=True), input())")
    assert leader.stdout is not None
    stray = int(leader.stdout.readline())

    end_group(leader.pid, "a1")
    leader.communicate()

    assert boot_identity(stray) == ""


def test_a_group_whose_number_nobody_wrote_down_is_found_by_the_run_it_works_for() -> None:
    child, other = begun_for("a1"), begun_for("b2")

    end_group(None, "a1")
    code, left = child.wait(timeout=10), other.poll()
    other.kill()
    child.communicate()
    other.communicate()

    assert (code, left) == (-9, None)


def test_a_group_whose_number_went_to_somebody_else_is_left_alone() -> None:
    child = begun_for("b2")

    end_group(child.pid, "a1")
    left = child.poll()
    child.kill()
    child.communicate()

    assert left is None


def test_a_group_whose_leader_is_gone_is_known_by_any_of_its_processes() -> None:
    leader = begun_for("a1", "import os, sys; os.fork() or (print(os.getpid(), flush=True), sys.stdin.read())")
    assert leader.stdout is not None
    child = int(leader.stdout.readline())
    leader.wait()
    running = boot_identity(child) != ""

    end_group(leader.pid, "a1")
    leader.communicate()  # ends once its child has let go of the pipe

    assert running
