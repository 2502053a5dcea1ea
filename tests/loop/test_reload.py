"""Saves as editors, tools and orchestrators make them, on a real disk, noticed by the real watcher."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from queue import SimpleQueue

import pytest

from aperture_plugin.config.problems import Place, Problem, Severity
from aperture_plugin.files.reading import read_bounded
from aperture_plugin.loop.reload import Watch

BAD = Problem(severity=Severity.ERROR, code="bad", message="bad", hint="mend it", file="f", place=Place(1, 1))


class Watched:
    """A file under watch: which contents came into force, and which were refused."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.accepted: SimpleQueue[bytes] = SimpleQueue()
        self.refused: SimpleQueue[Sequence[Problem]] = SimpleQueue()
        path.write_bytes(b"good 0")
        self.watch = Watch(
            path, read=lambda: read_bounded(path), judge=self.judge, refuse=self.refused.put, known=b"good 0"
        )
        self.watch.start()

    def judge(self, content: bytes | None) -> tuple[bool, Sequence[Problem]]:
        if content is None or not content.startswith(b"good"):
            return False, [BAD]
        self.accepted.put(content)
        return True, ()


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
    path.rename(path.with_name("schedules.yaml~"))
    path.write_bytes(content)
    path.with_name("schedules.yaml~").unlink()


def gone_and_back(path: Path, content: bytes) -> None:
    path.unlink()
    path.write_bytes(content)


def in_two_halves(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content[:3])
        file.flush()
        file.write(content[3:])


@pytest.mark.parametrize("save", [in_place, by_rename, as_vim_does, gone_and_back, in_two_halves])
def test_a_save_is_taken_in_however_it_is_made(watched: Watched, save: Callable[[Path, bytes], None]) -> None:
    save(watched.path, b"good 1")

    assert watched.accepted.get(timeout=5) == b"good 1"
    assert watched.refused.empty()


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
