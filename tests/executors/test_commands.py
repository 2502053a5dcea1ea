"""Programs as jobs: real ones, in process groups of their own."""

from __future__ import annotations

import os
import signal
import sys
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from aperture_plugin.config.model import Retry
from aperture_plugin.executors import process_groups
from aperture_plugin.executors.pipes import Pump
from aperture_plugin.executors.thread_pool import Pool, Task
from aperture_plugin.ports import Logged, Spawned
from aperture_plugin.rules.jobs import Outcome, OutcomeStatus
from aperture_plugin.rules.runs import RunTrigger

from .conftest import PATIENCE, Bench, a_run, is_alive, open_descriptors, until

PYTHON = sys.executable


def script(bench: Bench, text: str) -> tuple[str, ...]:
    """Write a Python program, and return the words that run it."""
    file = bench.directory / "program.py"
    file.write_text(text, encoding="utf-8")
    return (PYTHON, str(file))


def test_a_string_is_run_by_the_shell_and_its_output_is_the_log(threads: Bench) -> None:
    outcome = threads.ended(command="echo one && echo two >&2 | cat; printf three")

    assert outcome == Outcome(result={"exit_code": 0})
    assert threads.log == ["one", "two", "three"]


def test_a_list_is_run_without_a_shell(threads: Bench) -> None:
    threads.ended(command=("echo", "$HOME", "a  b"))

    assert threads.log == ["$HOME a  b"]


def test_it_is_told_which_run_it_is(threads: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FROM_HOST", "host")
    monkeypatch.setenv("APERTURE_JOB", "an older one")
    due = datetime(2026, 3, 29, 3, 0, tzinfo=timezone(timedelta(hours=2)))
    run = a_run("backup", id="r1", attempt=2, trigger=RunTrigger.CATCH_UP, due=due)

    threads.ended(
        command="env | grep -E '^(APERTURE_[^T]|APERTURE_TR|FROM|OWN)' | sort", run=run, environment={"OWN_X": "1=2"}
    )

    assert threads.log == [
        "APERTURE_ATTEMPT=2",
        "APERTURE_JOB=backup",
        "APERTURE_RUN=r1",
        "APERTURE_SLOT=2026-03-29T01:00:00Z",
        "APERTURE_TRIGGER=catch-up",
        "FROM_HOST=host",
        "OWN_X=1=2",
    ]


def test_a_manual_run_has_an_empty_slot(threads: Bench) -> None:
    threads.ended(command='echo "slot=<$APERTURE_SLOT>"')

    assert threads.log == ["slot=<>"]


def test_it_runs_beside_the_file_or_in_its_directory_and_reads_nothing(threads: Bench) -> None:
    (threads.directory / "sub").mkdir()

    threads.ended(command="pwd -P; wc -c")
    threads.ended(command="pwd -P", directory="sub")

    home = threads.directory.resolve()
    assert [line.strip() for line in threads.log] == [str(home), "0", str(home / "sub")]


def test_an_exit_code_other_than_zero_has_failed_and_the_last_lines_are_the_error(threads: Bench) -> None:
    outcome = threads.ended(command="seq 30; echo cannot reach host >&2; exit 3")

    assert (outcome.status, outcome.reason, outcome.result) == (
        OutcomeStatus.FAILED,
        "exited with code 3: cannot reach host",
        {"exit_code": 3},
    )
    assert (outcome.error or "").splitlines() == [*map(str, range(12, 31)), "cannot reach host"]


@pytest.mark.parametrize(
    ("code", "permanent", "reason"),
    [(78, True, "exited with code 78 (not tried again after this code)"), (1, False, "exited with code 1")],
)
def test_an_exit_code_that_the_file_names_is_a_failure_that_no_further_try_cures(
    threads: Bench, code: int, permanent: bool, reason: str
) -> None:
    outcome = threads.ended(command=f"exit {code}", retry=Retry(attempts=3, not_on_exit=(64, 78)))

    assert (outcome.status, outcome.permanent, outcome.reason) == (OutcomeStatus.FAILED, permanent, reason)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("kill -9 $$", "killed by SIGKILL"),
        ("no-such-program-here", "exited with code 127: the shell found no such program"),
        ("./plain.txt", "exited with code 126: what was called may not be executed"),
        ("sh -c 'kill -9 $$'; exit $?", "exited with code 137 (what it ran was killed by SIGKILL)"),
        (("no-such-program-here",), 'the program "no-such-program-here" was not found'),
        (("./plain.txt",), 'the program "./plain.txt" may not be executed'),
        (("./odd",), 'the program "./odd" could not be started: Exec format error'),
        (("echo", "a\0b"), "echo could not be started: embedded null byte"),
    ],
)
def test_how_it_ended_is_told_in_words(threads: Bench, command: str | tuple[str, ...], reason: str) -> None:
    (threads.directory / "plain.txt").write_text("plain")
    (threads.directory / "odd").write_bytes(b"\x7fELF nonsense")
    (threads.directory / "odd").chmod(0o755)

    outcome = threads.ended(command=command)

    assert (outcome.status, outcome.reason) == (OutcomeStatus.FAILED, reason)


def test_a_directory_that_is_not_there_is_told_as_that(threads: Bench) -> None:
    outcome = threads.ended(command="true", directory="gone")

    assert outcome.reason == f'the folder "{threads.directory / "gone"}" to run it in does not exist'


def test_bytes_of_any_kind_become_text_that_every_store_can_keep(threads: Bench) -> None:
    threads.ended(command=r"printf 'caf\303\251 \377 a\000b\r\n10%%\r50%%\r100%%\n\n'")

    assert threads.log == ["café � a\\x00b", "100%", ""]
    for line in threads.log:
        line.encode("utf-8")


def test_a_line_without_end_is_cut(threads: Bench) -> None:
    threads.ended(command=script(threads, "print('x' * 3_000_000)\nprint('after')"))

    assert [len(line) for line in threads.log] == [16384 + 38, 5]
    assert threads.log[0].endswith("xxx … (the rest of this line is not kept)")


def test_output_without_end_is_capped_and_its_last_lines_are_still_known(threads: Bench) -> None:
    program = (
        "import sys\nfor n in range(150_000): print(n)\nfor n in range(40): print('y' * 400_000)\nsys.exit('the end')"
    )

    outcome = threads.ended(command=script(threads, program))

    assert len(threads.log) == 100_001
    assert threads.log[-1] == "(more than 10485760 characters or 100000 lines: the rest is not kept)"
    assert (outcome.error or "").endswith("the end")


def test_secrets_are_masked_wherever_they_come_from(threads: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMDB_API_KEY", "k3y-of-the-host")
    monkeypatch.setenv("DATABASE_URL", "postgresql://ana:pa55word@db/library")
    monkeypatch.setenv("MEDIA_SECRET", "first line\nsecond line")
    monkeypatch.setenv("MEDIA_HOME", "/srv/media")

    outcome = threads.ended(
        command='echo "$TMDB_API_KEY $DATABASE_URL $MEDIA_HOME"; echo "$MEDIA_SECRET"; echo "$TOKEN $DSN"; exit 1',
        environment={"TOKEN": "t0ken", "DSN": "host=db password=from-env"},
        secrets=("from-env",),
    )

    assert threads.log == [
        "••• postgresql://ana:•••@db/library /srv/media",
        "•••",
        "•••",
        "••• •••",
    ]
    assert "k3y" not in (outcome.error or "")


def test_the_folder_that_the_host_was_started_in_is_no_secret(threads: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PWD", str(threads.directory.resolve()))

    threads.ended(command="pwd -P")

    assert threads.log == [str(threads.directory.resolve())]


def test_a_secret_across_the_cut_of_a_long_line_is_not_shown_by_half(threads: Bench) -> None:
    threads.ended(command="printf '%016380d' 0; echo $TOKEN", environment={"TOKEN": "0123456789abcdef"})

    assert "•••" in threads.log[0]
    assert "abc" not in threads.log[0]


def test_a_cancel_asks_the_whole_group_to_end(threads: Bench) -> None:
    key = threads.start(command="sleep 600 & echo $!; echo ready; wait")
    group = threads.spawned().group
    threads.logged("ready")
    child = int(threads.log[0])

    threads.executor.cancel(key, "cancelled by ana")

    outcome = threads.outcome()
    assert outcome == Outcome(
        status=OutcomeStatus.CANCELLED,
        reason="cancelled by ana (killed by SIGTERM)",
        result={"signal": "SIGTERM"},
    )
    assert not is_alive(child)
    assert not is_alive(group)


def test_what_does_not_listen_is_killed_after_the_grace(threads: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_groups, "GRACE_SECONDS", 0.1)
    key = threads.start(command="trap '' TERM; echo ready; while :; do sleep 600; done")
    threads.logged("ready")

    threads.executor.cancel(key, "timed out")

    assert threads.outcome().reason == "timed out (killed by SIGKILL)"


def test_a_program_that_was_stopped_hears_the_cancel_too(threads: Bench) -> None:
    key = threads.start(command=("sleep", "600"))
    group = threads.spawned().group
    os.killpg(group, signal.SIGSTOP)

    threads.executor.cancel(key, "timed out")

    assert threads.outcome().reason == "timed out (killed by SIGTERM)"


def test_a_kill_ends_it_at_once_and_says_that_it_could(threads: Bench) -> None:
    key = threads.start(command=("sleep", "600"))
    threads.spawned()

    assert threads.executor.kill(key)

    assert threads.outcome().reason == "killed by SIGKILL"
    assert not threads.executor.kill(key)


def test_a_program_that_ends_well_after_it_was_asked_to_stop_was_cancelled(threads: Bench) -> None:
    key = threads.start(command="trap 'echo tidying; exit 0' TERM; echo ready; while :; do sleep 0.05; done")
    threads.logged("ready")

    threads.executor.cancel(key, "cancelled by ana")

    outcome = threads.outcome()
    assert (outcome.status, outcome.reason) == (OutcomeStatus.CANCELLED, "cancelled by ana (exited with code 0)")
    assert "tidying" in threads.log  # the shell may add that its sleep was terminated


def test_a_cancel_before_it_began_starts_nothing(threads: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    submit = Pool.submit

    def cancelled_meanwhile(pool: Pool, name: str, task: Task) -> None:
        threads.executor.cancel(("r1", 1), "changed my mind")
        submit(pool, name, task)

    monkeypatch.setattr(Pool, "submit", cancelled_meanwhile)

    outcome = threads.ended(command="touch begun", run=a_run(id="r1"))

    assert (outcome.status, outcome.reason) == (OutcomeStatus.CANCELLED, "changed my mind")
    assert not (threads.directory / "begun").exists()


def test_children_left_behind_are_ended_when_the_program_has_ended(threads: Bench) -> None:
    outcome = threads.ended(command="sleep 600 & echo $!; sleep 600 >/dev/null 2>&1 & echo $!; exit 0")

    assert outcome.status is OutcomeStatus.COMPLETED
    children = [int(line) for line in threads.log[:2]]
    assert [is_alive(child) for child in children] == [False, False]
    told = {f"sleep ({child})" for child in children}
    begins, _, names = threads.log[2].partition(": ")
    assert (begins, set(names.split(", "))) == ("ended what it had left running in the background", told)


def test_what_ends_by_itself_with_its_program_is_nothing_to_tell(threads: Bench) -> None:
    threads.ended(command="(sleep 0.02; echo later) & echo now")

    assert threads.log == ["now", "later"]


def test_what_is_left_in_the_background_lives_on_and_can_print_where_the_file_allows_it(threads: Bench) -> None:
    (threads.directory / "server").write_text("#!/bin/sh\nwhile :; do echo alive; touch beat; sleep 0.02; done\n")
    (threads.directory / "server").chmod(0o755)
    outcome = threads.ended(command="./server & echo $!", leaves_background=True)

    server = next(int(line) for line in threads.log if line.isdigit())
    try:
        assert outcome == Outcome(result={"exit_code": 0})
        assert threads.log[-1].startswith("left running in the background: ")
        assert f"server ({server})" in threads.log[-1]
        for _ in range(2):  # Had it printed to nobody, it would have ended.
            (threads.directory / "beat").unlink(missing_ok=True)
            until((threads.directory / "beat").exists)
        assert is_alive(server)
    finally:
        os.killpg(os.getpgid(server), signal.SIGKILL)


def test_a_cancel_ends_what_would_be_left_in_the_background_too(threads: Bench) -> None:
    key = threads.start(command="sleep 600 & echo $!; echo ready; sleep 600", leaves_background=True)
    threads.logged("ready")

    threads.executor.cancel(key, "cancelled by ana")

    threads.outcome()
    assert not is_alive(int(threads.log[0]))


STRAYS = {
    "a session of its own": "setsid sleep 600 & echo $!; sleep 0.2; echo ready; sleep 600",
    "a double fork": "(setsid sh -c 'sleep 600 & echo $!; echo ready' &) ; sleep 600",
    "one that does not listen": (
        "setsid sh -c 'trap \"\" TERM; echo $$; echo ready; while :; do sleep 1; done' & sleep 600"
    ),
}


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="what has left its group is found by /proc")
@pytest.mark.parametrize("command", STRAYS.values(), ids=STRAYS)
def test_a_cancel_ends_what_has_left_the_group_and_says_so(
    threads: Bench, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr(process_groups, "GRACE_SECONDS", 0.3)
    key = threads.start(command=command, leaves_background=True)
    group = threads.spawned().group
    threads.logged("ready")
    stray = int(threads.log[0])
    assert os.getpgid(stray) != group

    threads.executor.cancel(key, "timed out")

    threads.outcome()
    assert not is_alive(stray)
    assert any(line.startswith("ended what had left its process group: ") for line in threads.log)


def test_what_left_the_group_of_a_program_that_ended_by_itself_lives_on(threads: Bench) -> None:
    threads.ended(command="setsid sleep 600 > /dev/null 2>&1 & echo $!; sleep 0.1")
    stray = int(threads.log[0])

    lives = is_alive(stray)
    os.kill(stray, signal.SIGKILL)

    assert lives


def test_parameters_are_variables(threads: Bench) -> None:
    threads.ended(command="env | grep ^APERTURE_PARAM | sort", words={"page-size": "20", "folders": ("a", "b")})

    assert threads.log == ['APERTURE_PARAM_FOLDERS=["a", "b"]', "APERTURE_PARAM_PAGE_SIZE=20"]


def test_a_directory_may_begin_with_the_home_folder(threads: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    (threads.directory / "home" / "inner").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(threads.directory / "home"))

    threads.ended(command="pwd", directory="~/inner")

    assert threads.log == [str(threads.directory / "home" / "inner")]


def test_a_child_that_left_the_group_and_holds_the_output_does_not_hold_up_the_end(threads: Bench) -> None:
    program = (
        "import os, subprocess\n"
        "child = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        "print(child.pid, flush=True)\n"
    )

    outcome = threads.ended(command=script(threads, program))

    assert outcome.status is OutcomeStatus.COMPLETED
    daemon = int(threads.log[0])
    assert is_alive(daemon)
    os.kill(daemon, signal.SIGKILL)


def test_everything_printed_is_in_the_log_before_the_end_is_told(threads: Bench) -> None:
    threads.ended(command="seq 20000")

    assert threads.log == list(map(str, range(1, 20001)))


def test_an_exit_code_that_somebody_else_took_is_not_invented(threads: Bench) -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        outcome = threads.ended(command="exit 0")
    finally:
        signal.signal(signal.SIGCHLD, before)

    assert (outcome.status, outcome.reason) == (
        OutcomeStatus.FAILED,
        "it ended, but something else in this process has taken its exit code",
    )


def test_a_hundred_programs_leave_no_thread_descriptor_or_process(threads: Bench) -> None:
    before, descriptors = set(threading.enumerate()), open_descriptors()

    for _ in range(10):
        keys = [threads.start(command="echo hello; sleep 600 & exit 0") for _ in range(8)]
        keys += [threads.start(command=("no-such-program",)), threads.start(command="sleep 600")]
        threads.executor.cancel(keys[-1], "enough")
        for _key in keys:
            threads.outcome()
    threads.executor.stop(timedelta(seconds=PATIENCE))

    assert len(threads.ends) == 100
    assert set(threading.enumerate()) == before
    assert open_descriptors() == descriptors


def test_lines_are_told_with_their_run_and_time(threads: Bench) -> None:
    begun = datetime.now(UTC)
    key = threads.start(command="echo one")
    threads.outcome()

    [line] = [event.line for event in threads.heard if isinstance(event, Logged)]
    assert (line.run_id, line.attempt, line.level) == (*key, "INFO")
    assert begun <= line.at <= datetime.now(UTC)


def test_a_program_whose_output_nobody_could_read_is_not_left_running(
    threads: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_more_threads(self: Pump) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(Pump, "start", no_more_threads)

    outcome = threads.ended(command="sleep 600")

    assert outcome.reason == "RuntimeError: can't start new thread"
    assert [is_alive(event.group) for event in threads.heard if isinstance(event, Spawned)] == [False]


def test_what_is_written_to_stderr_is_marked_and_its_last_line_is_the_reason(threads: Bench) -> None:
    outcome = threads.ended(command="echo starting; echo 'disk is full' >&2; echo >&2; exit 3")

    assert outcome.reason == "exited with code 3: disk is full"
    logged = [event.line for event in threads.heard if isinstance(event, Logged)]
    assert {(line.level, line.text) for line in logged} == {
        ("INFO", "starting"),
        ("STDERR", "disk is full"),
        ("STDERR", ""),
    }


def test_a_long_last_line_is_cut(threads: Bench) -> None:
    outcome = threads.ended(command="printf '%0500d' 7 >&2; exit 3")

    assert outcome.reason == f"exited with code 3: {'0' * 199}…"
