"""Saves as editors, tools and orchestrators make them, on a real disk, noticed by the real watcher."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue

import pytest

from aperture_plugin.config.problems import Place, Problem, Severity
from aperture_plugin.files.bounded_read import CannotRead, Content, look_at
from aperture_plugin.loop import file_look, file_watch
from aperture_plugin.loop.file_watch import Watch, on_the_way

BAD = Problem(severity=Severity.ERROR, code="bad", message="bad", hint="mend it", file="f", place=Place(1, 1))


class Watched:
    """A file under watch: which contents came into force, and which were refused."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.accepted: SimpleQueue[bytes] = SimpleQueue()
        self.refused: SimpleQueue[Sequence[Problem]] = SimpleQueue()
        if not path.exists():
            path.write_bytes(b"good 0")
        self.watch = Watch(path, read=self.read, judge=self.judge, refuse=self.refused.put, known=b"good 0")
        self.watch.start()

    def read(self) -> Content:
        return look_at(self.path)

    def judge(self, content: Content) -> tuple[bool, Sequence[Problem], Callable[[], object]]:
        if not isinstance(content, bytes) or not content.startswith(b"good"):
            return False, [BAD], lambda: None
        return True, (), lambda: self.accepted.put(content)

    def comes(self, wanted: bytes) -> bool:
        """Wait until *wanted* is accepted; say whether that was the last thing that happened."""
        accepted = b""
        while accepted != wanted:
            accepted = self.accepted.get(timeout=5)
        return self.accepted.empty() and self.refused.empty()


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    one = Watched(tmp_path / "schedules.yaml")
    yield one
    one.watch.stop()


def in_place(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def by_rename(path: Path, content: bytes) -> None:
    new = path.with_name("new")
    new.write_bytes(content)
    os.replace(new, path)  # noqa: PTH105  # the very call that tools make


def as_vim_does(path: Path, content: bytes) -> None:
    path.with_name("4913").write_bytes(b"")  # vim asks the folder whether it may write there
    path.with_name("4913").unlink()
    path.rename(path.with_name("schedules.yaml~"))
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(0o640)
    path.with_name("schedules.yaml~").unlink()


def as_nano_does(path: Path, content: bytes) -> None:
    with path.open("r+b") as file:
        file.truncate(0)
        for number in range(len(content)):
            file.write(content[number : number + 1])
            file.flush()


def as_emacs_does(path: Path, content: bytes) -> None:
    path.with_name(".#schedules.yaml").symlink_to("someone@host.1")
    shutil.copyfile(path, path.with_name("schedules.yaml~"))
    path.write_bytes(content)
    path.with_name(".#schedules.yaml").unlink()


def by_sed(path: Path, content: bytes) -> None:
    subprocess.run(["sed", "-i", f"s/.*/{content.decode()}/", path.name], cwd=path.parent, check=True)


def by_git(path: Path, content: bytes) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]

    def git(*words: str, given: bytes | None = None) -> str:
        ran = subprocess.run(["git", *who, *words], cwd=path.parent, check=True, capture_output=True, input=given)
        return ran.stdout.decode().strip()

    git("init", "--quiet")
    git("add", path.name)
    git("commit", "--quiet", "--message=old")
    # The other branch is made beside the folder, in which nothing changes until the checkout.
    blob = git("hash-object", "-w", "--stdin", given=content)
    tree = git("mktree", given=f"100644 blob {blob}\t{path.name}\n".encode())
    git("branch", "new", git("commit-tree", tree, "-p", "HEAD", "-m", "new"))
    git("checkout", "--quiet", "new")


def gone_and_back(path: Path, content: bytes) -> None:
    path.unlink()
    path.write_bytes(content)


def in_two_halves(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content[:3])
        file.flush()
        file.write(content[3:])


SAVES = [
    in_place,
    by_rename,
    as_vim_does,
    as_nano_does,
    as_emacs_does,
    by_sed,
    by_git,
    gone_and_back,
    in_two_halves,
]


@pytest.mark.parametrize("save", SAVES)
def test_a_save_is_taken_in_however_it_is_made(watched: Watched, save: Callable[[Path, bytes], None]) -> None:
    save(watched.path, b"good 1")

    assert watched.comes(b"good 1")


@pytest.mark.parametrize("save", SAVES)
def test_a_second_save_of_the_same_kind_is_taken_in_too(watched: Watched, save: Callable[[Path, bytes], None]) -> None:
    save(watched.path, b"good 1")
    watched.comes(b"good 1")
    shutil.rmtree(watched.path.parent / ".git", ignore_errors=True)

    save(watched.path, b"good 2")

    assert watched.comes(b"good 2")


@pytest.mark.parametrize("save", SAVES)
def test_without_events_the_content_is_looked_at_all_the_same(
    tmp_path: Path, save: Callable[[Path, bytes], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_to_be_had() -> None:
        raise OSError("inotify watch limit reached")

    monkeypatch.setattr(file_watch, "Observer", none_to_be_had)
    monkeypatch.setattr(file_watch, "BLIND_SECONDS", 0.05)
    one = Watched(tmp_path / "schedules.yaml")

    save(one.path, b"good 1")

    assert one.comes(b"good 1")
    one.watch.stop()


def test_without_events_a_save_that_changes_neither_size_nor_time_is_taken_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As two saves do within one tick of a network disk's clock.
    def none_to_be_had() -> None:
        raise OSError("no events here")

    monkeypatch.setattr(file_watch, "Observer", none_to_be_had)
    monkeypatch.setattr(file_watch, "BLIND_SECONDS", 0.2)
    one = Watched(tmp_path / "schedules.yaml")
    in_place(one.path, b"good 1")
    one.comes(b"good 1")
    at = one.path.stat()

    with one.path.open("r+b") as file:
        file.write(b"good 2")
    os.utime(one.path, ns=(at.st_atime_ns, at.st_mtime_ns))

    assert one.comes(b"good 2")
    one.watch.stop()


def test_half_a_file_is_not_taken_in_while_it_is_being_written(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_watch, "WRITER_SECONDS", 60.0)
    with watched.path.open("wb") as file:
        file.write(b"good half")
        file.flush()
        # It is good by itself, and lies there unchanged for many times as long as a file needs to settle.
        with pytest.raises(Empty):
            watched.accepted.get(timeout=0.3)

        file.write(b", and the rest")

    assert watched.comes(b"good half, and the rest")


def test_a_file_that_a_writer_keeps_open_is_taken_in_all_the_same(watched: Watched) -> None:
    with watched.path.open("wb") as file:
        file.write(b"good 1")
        file.flush()

        assert watched.comes(b"good 1")


def test_a_save_before_watching_began_is_taken_in(tmp_path: Path) -> None:
    (tmp_path / "schedules.yaml").write_bytes(b"good 1")  # and good 0 is what was read

    one = Watched(tmp_path / "schedules.yaml")

    assert one.comes(b"good 1")
    one.watch.stop()


def test_a_link_to_the_file_is_followed_whichever_end_is_changed(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "real.yaml").write_bytes(b"good 0")
    (tmp_path / "schedules.yaml").symlink_to("a/real.yaml")
    one = Watched(tmp_path / "schedules.yaml")

    by_rename(tmp_path / "a" / "real.yaml", b"good 1")
    target_changed = one.comes(b"good 1")
    (tmp_path / "b" / "real.yaml").write_bytes(b"good 2")
    (tmp_path / "new").symlink_to("b/real.yaml")
    (tmp_path / "new").rename(tmp_path / "schedules.yaml")
    link_changed = one.comes(b"good 2")
    in_place(tmp_path / "b" / "real.yaml", b"good 3")

    assert (target_changed, link_changed, one.comes(b"good 3")) == (True, True, True)
    one.watch.stop()


def test_a_folder_that_is_swapped_is_taken_in_and_watched_from_then_on(tmp_path: Path) -> None:
    # As deployments do it: current -> releases/1, or the folder itself is moved away and a new one put there.
    for number in ("1", "2", "3"):
        (tmp_path / "releases" / number).mkdir(parents=True)
        (tmp_path / "releases" / number / "schedules.yaml").write_bytes(f"good {number}".encode())
    (tmp_path / "current").symlink_to("releases/1")
    one = Watched(tmp_path / "current" / "schedules.yaml")
    one.comes(b"good 1")

    (tmp_path / "next").symlink_to("releases/2")
    (tmp_path / "next").rename(tmp_path / "current")
    link = one.comes(b"good 2")
    (tmp_path / "releases" / "2").rename(tmp_path / "releases" / "old")
    (tmp_path / "releases" / "3").rename(tmp_path / "releases" / "2")
    folder = one.comes(b"good 3")
    in_place(tmp_path / "current" / "schedules.yaml", b"good 4")

    assert (link, folder, one.comes(b"good 4")) == (True, True, True)
    one.watch.stop()


def test_every_folder_that_matters_is_watched_under_its_real_name(tmp_path: Path) -> None:
    tmp_path = tmp_path.resolve()
    for number in ("..1", "..2"):
        (tmp_path / "map" / number).mkdir(parents=True)
    (tmp_path / "map" / "..data").symlink_to("..1")
    (tmp_path / "map" / "schedules.yaml").symlink_to("..data/schedules.yaml")
    (tmp_path / "config").symlink_to(tmp_path / "map")

    assert on_the_way(tmp_path / "config" / "schedules.yaml") == {
        str(tmp_path): frozenset({"config"}),
        str(tmp_path / "map"): frozenset({"schedules.yaml", "..data"}),
        str(tmp_path / "map" / "..1"): frozenset({"schedules.yaml"}),
    }


def test_links_in_a_circle_lead_nowhere_and_nobody_goes_round_for_ever(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")

    assert str(tmp_path.resolve()) in on_the_way(tmp_path.resolve() / "a")
    assert look_at(tmp_path / "a") == CannotRead("Too many levels of symbolic links")


def test_a_pipe_in_the_place_of_the_file_is_refused_and_keeps_nobody_waiting(watched: Watched) -> None:
    watched.path.unlink()
    os.mkfifo(watched.path)

    assert watched.refused.get(timeout=5) == [BAD]
    assert look_at(watched.path) == CannotRead("it is a named pipe, and no file")
    watched.path.unlink()
    in_place(watched.path, b"good 1")
    assert watched.accepted.get(timeout=5) == b"good 1"


@pytest.mark.parametrize("hangs", ["read", "judge"])
def test_a_look_that_hangs_is_told_and_holds_up_neither_later_saves_nor_a_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hangs: str
) -> None:
    monkeypatch.setattr(file_look, "HANG_SECONDS", 0.3)
    goes_on = threading.Event()

    class Hanging(Watched):
        def read(self) -> Content:
            content = look_at(self.path)
            if hangs == "read" and content == b"good 1":
                goes_on.wait()
            return content

        def judge(self, content: Content) -> tuple[bool, Sequence[Problem], Callable[[], object]]:
            if hangs == "judge" and content == b"good 1":
                goes_on.wait()
            return super().judge(content)

    one = Hanging(tmp_path / "schedules.yaml")
    in_place(one.path, b"good 1")
    [problem] = one.refused.get(timeout=5)
    in_place(one.path, b"good 2")

    accepted = one.accepted.get(timeout=10)
    one.watch.stop()
    goes_on.set()

    assert accepted == b"good 2"
    assert ("takes more than 0.3 s" if hangs == "read" else "is being checked for more than 0.3 s") in problem.message
    assert one.accepted.empty()


def test_a_look_that_was_told_as_hanging_and_ends_all_the_same_is_taken_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_look, "HANG_SECONDS", 0.2)
    told = threading.Event()

    class Slow(Watched):
        def judge(self, content: Content) -> tuple[bool, Sequence[Problem], Callable[[], object]]:
            if content == b"good 1":
                told.wait(10)
            return super().judge(content)

    one = Slow(tmp_path / "schedules.yaml")
    in_place(one.path, b"good 1")
    one.refused.get(timeout=5)

    told.set()

    assert one.accepted.get(timeout=5) == b"good 1"
    one.watch.stop()


def test_a_fault_of_ours_refuses_the_file_once(tmp_path: Path) -> None:
    class Faulty(Watched):
        def judge(self, content: Content) -> tuple[bool, Sequence[Problem], Callable[[], object]]:
            if content == b"good 1":
                raise RecursionError("too deep")
            return super().judge(content)

    one = Faulty(tmp_path / "schedules.yaml")
    in_place(one.path, b"good 1")
    [problem] = one.refused.get(timeout=5)
    one.watch.look()
    in_place(one.path, b"good 2")

    assert one.accepted.get(timeout=5) == b"good 2"
    assert problem.message.endswith("schedules.yaml could not be checked: RecursionError: too deep")
    assert one.refused.empty()
    one.watch.stop()


def test_a_folder_in_the_place_of_the_file_is_refused(watched: Watched) -> None:
    watched.path.unlink()
    watched.path.mkdir()

    assert watched.refused.get(timeout=5) == [BAD]
    assert look_at(watched.path) == CannotRead("Is a directory")


def test_the_swap_of_a_symlinked_folder_is_taken_in(tmp_path: Path) -> None:
    # As Kubernetes mounts a ConfigMap: schedules.yaml -> ..data/schedules.yaml, ..data -> ..1
    for number in ("..1", "..2"):
        (tmp_path / number).mkdir()
    (tmp_path / "..data").symlink_to("..1")
    (tmp_path / "schedules.yaml").symlink_to("..data/schedules.yaml")
    one = Watched(tmp_path / "schedules.yaml")
    (tmp_path / "..2" / "schedules.yaml").write_bytes(b"good 2")
    (tmp_path / "..new").symlink_to("..2")

    os.replace(tmp_path / "..new", tmp_path / "..data")  # noqa: PTH105

    assert one.accepted.get(timeout=5) == b"good 2"
    one.watch.stop()


def test_a_bad_save_is_refused_and_the_next_good_one_taken_in(watched: Watched) -> None:
    in_place(watched.path, b"bad")
    refused = watched.refused.get(timeout=5)

    in_place(watched.path, b"good 2")

    assert refused == [BAD]
    assert watched.accepted.get(timeout=5) == b"good 2"


def test_a_file_that_is_gone_is_refused_and_taken_in_when_it_is_back(watched: Watched) -> None:
    watched.path.unlink()
    refused = watched.refused.get(timeout=5)

    in_place(watched.path, b"good 3")

    assert refused == [BAD]
    assert watched.accepted.get(timeout=5) == b"good 3"


def test_the_old_content_put_back_after_a_bad_save_is_taken_in(watched: Watched) -> None:
    in_place(watched.path, b"bad")
    watched.refused.get(timeout=5)

    in_place(watched.path, b"good 0")

    assert watched.accepted.get(timeout=5) == b"good 0"


def test_of_many_saves_the_last_is_in_force(watched: Watched) -> None:
    for number in range(200):
        in_place(watched.path, b"good %d" % number)

    last = b""
    while last != b"good 199":
        last = watched.accepted.get(timeout=5)
    assert watched.accepted.empty()


def test_watching_leaves_no_thread_and_no_descriptor_behind(tmp_path: Path) -> None:
    def kept() -> tuple[int, int]:
        return threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))

    before = kept()
    for number in range(5):
        folder = tmp_path / str(number)
        folder.mkdir()
        Watched(folder / "schedules.yaml").watch.stop()

    assert kept() == before
