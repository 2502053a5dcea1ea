"""What is written to a path, whatever lies there."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from aperture_plugin.files.atomic_write import write_whole


def test_a_new_file_is_readable_by_all_and_one_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    write_whole(tmp_path / "new", b"1")
    (tmp_path / "old").write_bytes(b"0")
    (tmp_path / "old").chmod(0o600)

    write_whole(tmp_path / "old", b"1")

    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("new", "old")] == [0o644, 0o600]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "old"]


def test_a_link_goes_on_leading_where_it_led(tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"0")
    (tmp_path / "link").symlink_to("there")

    write_whole(tmp_path / "link", b"1")

    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there").read_bytes() == b"1"


def test_a_file_of_several_names_stays_one_file(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"0000")
    os.link(tmp_path / "one", tmp_path / "two")

    write_whole(tmp_path / "one", b"1")

    assert (tmp_path / "two").read_bytes() == b"1"


def test_a_pipe_is_written_into_and_one_that_nobody_reads_is_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="No such device"):
        write_whole(pipe, b"1")
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)

    write_whole(pipe, b"1")

    assert os.read(reader, 10) == b"1"
    assert pipe.is_fifo()
    os.close(reader)


def test_a_device_is_written_into(tmp_path: Path) -> None:
    device = tmp_path / "null"
    try:
        os.mknod(device, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        device.open("wb").close()
    except PermissionError:
        device = Path("/dev/zero")  # What is written there goes nowhere either.

    write_whole(device, b"1")

    assert device.is_char_device()


def test_what_the_shell_has_opened_is_written_into(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w+b") as file:
        write_whole(Path(f"/dev/fd/{file.fileno()}"), b"1")

        assert os.fstat(file.fileno()).st_nlink == 1
        assert (tmp_path / "out").read_bytes() == b"1"


def test_a_file_that_cannot_be_replaced_is_written_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(self: Path, target: Path) -> Path:
        raise OSError(16, "Device or resource busy")

    (tmp_path / "mounted").write_bytes(b"0000")
    monkeypatch.setattr(Path, "replace", busy)

    write_whole(tmp_path / "mounted", b"1")

    assert (tmp_path / "mounted").read_bytes() == b"1"
    assert [path.name for path in tmp_path.iterdir()] == ["mounted"]


def test_what_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "old").write_bytes(b"0")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(tmp_path / "old", b"1")

    assert (tmp_path / "old").read_bytes() == b"0"
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


def test_a_reader_never_sees_half_of_it(tmp_path: Path) -> None:
    path, seen, stop = tmp_path / "file", set[bytes](), threading.Event()
    write_whole(path, b"a" * 100_000)

    def read() -> None:
        while not stop.is_set():
            seen.add(path.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for letter in (b"b", b"c", b"d"):
        write_whole(path, letter * 100_000)
    stop.set()
    reader.join()

    assert all(len(set(content)) == 1 and len(content) == 100_000 for content in seen)
