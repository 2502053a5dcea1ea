"""What hosts may build on: the names that the package exports, typed, below one root of exceptions."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest

import aperture_plugin
from aperture_plugin import ApertureError

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PUBLIC = {"aperture_plugin", "aperture_plugin.testing", "aperture_plugin.web"}


def test_a_host_that_uses_public_names_alone_passes_strict_type_checking(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    words = (
        "-m",
        "mypy",
        "--strict",
        "--config-file",
        "",
        "--cache-dir",
        str(ROOT / ".mypy_cache" / "host"),
        str(HERE / "host.py"),
    )

    checked = subprocess.run([sys.executable, *words], cwd=tmp_path, capture_output=True, text=True, check=False)

    # What an outside library lacks is nothing that a host could mend here.
    mine = [line for line in checked.stdout.splitlines() if line.startswith(str(HERE)) or "host.py" in line]
    assert mine == []
    assert "error: Cannot find" not in checked.stdout


def test_every_exported_name_is_there_and_says_what_it_is() -> None:
    bare = [
        name
        for name in aperture_plugin.__all__
        if name not in {"__version__", "Dispatch", "Report", "Spender"}  # texts, and names of callables
        and not getattr(aperture_plugin, name).__doc__
    ]

    assert bare == []
    assert sorted(aperture_plugin.__all__) == sorted(set(aperture_plugin.__all__))


def test_examples_and_the_readme_import_public_names_alone() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {module}"
        for path in (*ROOT.glob("examples/**/*.py"), *ROOT.glob("hooks/**/*.py"))
        if path.parent.name not in {"page", "picture"}  # they draw for the README
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and (module := node.module or "").startswith("aperture_plugin")
        if module not in PUBLIC
    }
    found |= {
        f"README.md: {module}"
        for module in re.findall(r"^(?:from|import) (aperture_plugin[\w.]*)", (ROOT / "README.md").read_text(), re.M)
        if module not in PUBLIC
    }

    assert found == set()


def test_every_exception_of_the_package_has_one_root() -> None:
    strays = set()
    for module in walk_packages(aperture_plugin.__path__, "aperture_plugin."):
        if ".starter" in module.name or module.name.endswith("__main__") or ".celery_" in module.name:
            continue
        for value in vars(import_module(module.name)).values():
            if not (isinstance(value, type) and issubclass(value, Exception)):
                continue
            is_ours = value.__module__.startswith("aperture_plugin.") and not value.__module__.startswith(
                ("aperture_plugin.cli.", "aperture_plugin.testing.")
            )
            if is_ours and not issubclass(value, ApertureError):
                strays.add(f"{value.__module__}.{value.__qualname__}")

    assert strays == set()
