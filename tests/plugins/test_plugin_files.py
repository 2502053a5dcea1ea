"""Files of plugins that change after they were loaded."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aperture_plugin.plugins.plugin_loader import load_plugins


def test_a_file_that_changes_comes_or_goes_is_noticed_and_a_touch_is_not(tmp_path: Path) -> None:
    hooks = tmp_path / "hooks"
    (hooks / "inner").mkdir(parents=True)
    for name in ("a.py", "_helper.py", "inner/deep.py"):
        (hooks / name).write_text("x = 1\n")
    plugins = load_plugins(directory=tmp_path, entry_points=False)
    plugins.note_files()

    os.utime(hooks / "a.py", (1, 1))
    (hooks / "note.txt").write_text("no module")
    touched = plugins.changed_files()
    (hooks / "_helper.py").write_text("x = 2\n")
    (hooks / "inner" / "deep.py").unlink()
    (hooks / "new.py").write_text("")

    assert touched == []
    assert plugins.changed_files() == [hooks / "_helper.py", hooks / "inner" / "deep.py", hooks / "new.py"]
    (hooks / "_helper.py").write_text("x = 1\n")
    assert plugins.changed_files() == [hooks / "inner" / "deep.py", hooks / "new.py"]


def test_a_named_module_is_looked_at_where_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "watched_host_module.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    plugins = load_plugins(directory=None, modules=["watched_host_module"], entry_points=False)
    plugins.note_files()

    (tmp_path / "watched_host_module.py").write_text("x = 1\n")

    assert plugins.changed_files() == [tmp_path / "watched_host_module.py"]
