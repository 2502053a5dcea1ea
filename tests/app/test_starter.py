"""The starter, copied to where somebody begins."""

from __future__ import annotations

from pathlib import Path

from aperture_plugin.app.starter import copy_starter, starter_files


def test_the_file_and_every_file_of_the_example_are_copied(tmp_path: Path) -> None:
    copied = copy_starter(tmp_path / "new")

    assert copied.left == ()
    assert Path("schedules.yaml") in copied.written
    assert any(name.parts[0] == "hooks" and name.suffix == ".py" for name in copied.written)
    for source, name in starter_files():
        assert (tmp_path / "new" / name).read_bytes() == source.read_bytes()


def test_what_is_there_already_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "schedules.yaml").write_text("# mine\n")

    copied = copy_starter(tmp_path)

    assert copied.left == (Path("schedules.yaml"),)
    assert (tmp_path / "schedules.yaml").read_text() == "# mine\n"


def test_a_second_time_changes_nothing(tmp_path: Path) -> None:
    first = copy_starter(tmp_path)

    assert copy_starter(tmp_path).left == first.written


def test_nothing_that_python_left_behind_is_copied(tmp_path: Path) -> None:
    names = {part for name in copy_starter(tmp_path).written for part in name.parts}

    assert "__pycache__" not in names
    assert not [name for name in names if name.startswith(".") or name.endswith(".pyc")]
