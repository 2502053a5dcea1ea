"""The arrows between the packages: who may import whom, and where each outside library lives."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import aperture_plugin

PACKAGE = Path(aperture_plugin.__file__).parent
ROOT = PACKAGE.parent

ROOMS = [
    {"words"},
    {"triggers"},
    {"config"},
    {"rules"},
    {"ports"},
    {"alerts", "clock", "files", "plugins", "store", "executors"},
    {"loop"},
    {"app", "worker"},
    {"web", "testing"},
    {"cli"},
    {"__main__"},
]
FLOOR = {room: floor for floor, rooms in enumerate(ROOMS) for room in rooms}

HOMES = {
    "strictyaml": ("config/",),
    "yaml": ("config/",),
    "cronsim": ("triggers/",),
    "holidays": ("triggers/public_holidays.py",),
    "schedule": ("loop/timetable.py",),
    "celery": ("executors/celery_",),
    "billiard": ("executors/celery_",),
    "apprise": ("alerts/",),
    "watchdog": ("loop/file_watch.py",),
    "pluggy": ("plugins/",),
    "sqlalchemy": ("store/",),
    "psycopg": ("store/",),
    "click": ("cli/",),
    "rich": ("cli/",),
    "starlette": ("web/",),
    "jinja2": ("web/",),
    "markupsafe": ("web/",),
    "h11": ("web/http_server.py",),
    "uvicorn": ("web/http_server.py",),
    "prometheus_client": ("web/metrics.py",),
    "tzlocal": ("clock/",),
    "humanize": ("words/",),
    "hypothesis": ("testing/",),
    "pytest": ("testing/",),
}

PURE = ("words", "triggers", "config", "rules")
SURROUNDINGS = {"os", "random", "secrets", "socket", "subprocess", "tempfile", "threading", "time", "uuid", "pathlib"}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        if "starter" not in path.parts:
            yield path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def room_of(name: str) -> str:
    return name.split("/", 1)[0].removesuffix(".py")


def test_an_import_never_points_outward() -> None:
    wrong = []
    for name, tree in modules():
        here = room_of(name)
        for imported in imports(tree):
            _, _, rest = imported.partition("aperture_plugin.")
            there = rest.split(".", 1)[0]
            if not rest or here == "__init__" or there == here:
                continue
            if FLOOR[there] >= FLOOR[here]:
                wrong.append(f"{name} imports {imported}")

    assert wrong == []


def test_each_outside_library_has_one_home() -> None:
    wrong = []
    for name, tree in modules():
        for imported in imports(tree):
            homes = HOMES.get(imported.split(".", 1)[0])
            if homes is not None and not name.startswith(homes):
                wrong.append(f"{name} imports {imported}")

    assert wrong == []


def test_no_library_is_without_a_home() -> None:
    known = {*sys.stdlib_module_names, *HOMES, "aperture_plugin"}
    found = {(name, imported.split(".", 1)[0]) for name, tree in modules() for imported in imports(tree)}

    assert {(name, library) for name, library in found if library not in known} == set()


def test_who_provides_a_store_or_an_executor_is_picked_in_one_place_and_known_nowhere_else() -> None:
    places = {
        "aperture_plugin.store.connect": {"app/source.py", "testing/world.py"},
        "aperture_plugin.store.sqlite_path": {"app/source.py"},
        "aperture_plugin.store.memory": {"app/store_access.py", "app/plan/rehearsal_store.py"},
        "aperture_plugin.store.memory_ledger": {"app/plan/rehearsal_store.py"},
        "aperture_plugin.executors.threads": {"app/wiring.py"},
        "aperture_plugin.executors.processes": {"app/wiring.py"},
        "aperture_plugin.executors.inline": {"testing/world.py"},
        "aperture_plugin.executors.run_processes": {"app/wiring.py"},
        "aperture_plugin.executors.store_executor": {"app/celery_setup.py"},
        "aperture_plugin.executors.store_worker": {"app/worker_setup.py"},
        "aperture_plugin.executors.celery_app": {"app/celery_setup.py"},
        "aperture_plugin.executors.celery_worker": {"app/celery_setup.py"},
        "aperture_plugin.store.sql_store": {"app/source.py"},
    }
    wrong = [
        f"{name} imports {imported}"
        for name, tree in modules()
        if room_of(name) in {"loop", "app", "cli", "web", "testing"}
        for imported in imports(tree)
        if imported.startswith(("aperture_plugin.store", "aperture_plugin.executors"))
        and name not in places.get(imported, ())
    ]

    assert wrong == []


def test_nothing_above_the_ports_asks_which_database_or_executor_it_talks_to() -> None:
    names = {"sqlite", "postgres", "postgresql", "threads", "processes", "celery"}
    wrong = [
        f"{name}:{node.lineno} compares with {node.value!r}"
        for name, tree in modules()
        if room_of(name) in {"rules", "loop", "app", "cli", "web"}
        for compared in ast.walk(tree)
        if isinstance(compared, ast.Compare | ast.MatchValue)
        for node in ast.walk(compared)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.partition(":")[0] in names
    ]

    assert wrong == []


@pytest.mark.parametrize("room", PURE)
def test_the_core_looks_at_nothing_that_surrounds_it(room: str) -> None:
    wrong = [
        f"{name} imports {imported}"
        for name, tree in modules()
        if room_of(name) == room
        for imported in imports(tree)
        if imported.split(".", 1)[0] in SURROUNDINGS
    ]

    assert wrong == []


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import aperture_plugin, sys; print(*sorted(sys.modules))"

    loaded = set(
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    )

    assert loaded.isdisjoint({"sqlalchemy", "strictyaml", "rich", "click", "watchdog", "pluggy", "schedule"})


# ── the map ──────────────────────────────────────────────────────────────────────────────────────

MAP = (PACKAGE / "README.md").read_text(encoding="utf-8")
MAP_NAMES = re.findall(r"`([^`\n]+)`", MAP)


def packages() -> set[str]:
    """Return every package below this one, as the map writes it."""
    return {f"{path.parent.relative_to(PACKAGE).as_posix()}/" for path in PACKAGE.glob("*/**/*.py")}


def test_the_map_has_a_line_for_every_package() -> None:
    assert sorted(packages() - set(MAP_NAMES)) == []


def test_every_path_on_the_map_is_there() -> None:
    paths = {name for name in MAP_NAMES if name.endswith(("/", ".py"))}
    inner = {path.name + "/" for path in (PACKAGE / "config").iterdir()}  # Written without their parent in one line.

    assert {path for path in paths - inner if not any((root / path).exists() for root in (PACKAGE, ROOT))} == set()


def test_every_name_on_the_map_is_defined_in_the_module_beside_it() -> None:
    pairs = re.findall(r"`(\w+)` (?:and `(\w+)` )?in `([\w/]+\.py)`", MAP)
    sources = {path: (PACKAGE / path).read_text(encoding="utf-8") for _, _, path in pairs}
    wrong = [
        (name, path)
        for first, second, path in pairs
        for name in filter(None, (first, second))
        if not re.search(rf"^(?:class|def) {name}\b|^{name}\b.*=", sources[path], re.MULTILINE)
    ]

    assert len(pairs) >= 10
    assert wrong == []


def test_the_map_draws_the_arrows_that_are_tested() -> None:
    rooms = ["{" + " ".join(sorted(room)) + "}" if len(room) > 1 else next(iter(room)) for room in ROOMS]

    assert " ← ".join(rooms) in MAP_NAMES
