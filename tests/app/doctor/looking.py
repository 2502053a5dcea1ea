"""A doctor's look at a world, and what he said of one step."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import text

from aperture_plugin.app.doctor.doctor import Finding, diagnose, examined
from aperture_plugin.app.source import Source
from aperture_plugin.plugins.plugin_loader import Plugins, load_plugins
from aperture_plugin.store.connect import open_store
from aperture_plugin.testing import World

__all__ = ["alter", "look", "look_at", "said"]

Words = tuple[str, str, str | None]


def look(
    world: World,
    job: str | None = None,
    *,
    plugins: tuple[object, ...] = (),
    load: Callable[[], Plugins] | None = None,
    environ: Mapping[str, str] | None = None,
    state: str | None = None,
) -> list[Finding]:
    """Walk every step at the instant that the world's clock tells."""
    source = Source(path=world.file, environ=world.environ if environ is None else environ)
    load = load or (lambda: load_plugins(directory=None, plugins=plugins, entry_points=False))
    with examined(source, now=world.clock.now(), state=state, load=load) as case:
        return diagnose(case, job)


def said(found: list[Finding], step: str) -> list[Words]:
    """Return what a step said: verdict, words, advice."""
    return [(str(finding.verdict), finding.found, finding.advice) for finding in found if finding.step == step]


def look_at(world: World, step: str, job: str | None = None, **given: object) -> list[Words]:
    """Walk every step, and return what one of them said; the path of the file is cut down to its name."""
    found = said(look(world, job, **given), step)  # type: ignore[arg-type]  # what it takes is said there
    where = f" -f {world.file}"
    return [
        (verdict, words, None if advice is None else advice.replace(where, "").replace(f" {world.file}", ""))
        for verdict, words, advice in found
    ]


def alter(world: World, statement: str) -> None:
    """Do to the store what only time or an accident does."""
    store = open_store("sqlite:///aperture.db", directory=world.folder)
    store.open()
    with store.transaction() as ledger:
        ledger._connection.execute(text(statement))  # type: ignore[attr-defined]  # nothing above it can do such a thing
    store.close()
