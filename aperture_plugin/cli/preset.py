"""`aperture preset`: what presets there are, what each changes, which one auto picks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from aperture_plugin.app.diff.value_changes import Difference
from aperture_plugin.app.preset_views import Presets, PresetView, changes, presets_of
from aperture_plugin.app.source import Source
from aperture_plugin.app.store_access import opened_to_look
from aperture_plugin.cli import file_session, options
from aperture_plugin.cli.exit_codes import unknown
from aperture_plugin.cli.output import TEXT, say, show_json
from aperture_plugin.config.model import Config
from aperture_plugin.plugins.plugin_problems import PluginError
from aperture_plugin.plugins.registry import Plugins
from aperture_plugin.ports import StoreRefused, StoreUnavailable
from aperture_plugin.words.numbers import counted

__all__ = ["command"]


@click.command("preset", epilog="Try it:  aperture preset large")
@click.argument("name", metavar="[NAME]", required=False)
@options.file_option
@options.plugins
@options.state
@options.output_format
def command(file: Path, name: str | None, modules: tuple[str, ...], state: str | None, output_format: str) -> None:
    """List presets, what each changes, and which one auto picks.

    With NAME, show what choosing that one would change against the file as it is. The pick of auto stays in force while
    the library's size is beyond its own by a tenth at most.
    """
    file_session.require(file)
    source = _with_pick(file_session.source_of(file, _plugins(file, modules)), state)
    config = file_session.config_of(source)
    presets = presets_of(source, config, now=file_session.now())
    if name is None:
        if output_format == TEXT:
            _show_all(presets)
        else:
            show_json(_json(presets))
        return
    view = next((view for view in presets.presets if view.name == name), None)
    if view is None:
        raise unknown("preset", name, [view.name for view in presets.presets], where=config.file)
    against = list(changes(config, _chosen(source, config, name)))
    if output_format == TEXT:
        _show_one(view, presets, against)
    else:
        show_json({**_view_json(view), "against_the_file": [_change_json(change) for change in against]})


def _plugins(file: Path, modules: tuple[str, ...]) -> Plugins | None:
    """Return the plugins, to be asked for the library's size; without them the rest can be shown all the same."""
    try:
        return file_session.plugins_of(file, modules)
    except PluginError as error:
        for problem in error.problems:
            say(f"warning: {problem}", err=True)
        return None


def _with_pick(source: Source, state: str | None) -> Source:
    """Return *source* with what auto has picked, as far as the store can be read."""
    read = file_session.read(source)
    if read.config is None or not read.config.preset_is_auto:
        return source
    try:
        with opened_to_look(source, read, url=state) as store, store.snapshot() as ledger:
            return replace(source, kept=ledger.pick())
    except (StoreUnavailable, StoreRefused) as away:
        say(f"warning: the store cannot be read, so this goes by the library's size alone: {away}", err=True)
        return source


def _chosen(source: Source, config: Config, name: str) -> Config:
    read = replace(source, preset=name, plugins=None).read(config.text.encode(), now=file_session.now())
    return read.config or config


def _show_all(presets: Presets) -> None:
    if not presets.presets:
        say(f"{presets.file} declares no presets")
        return
    if presets.in_force is None:
        say(f"{presets.file} goes by no preset")
    else:
        by = "auto has picked" if presets.is_auto else f"{presets.file} goes by"
        say(f"{by} {presets.in_force}")
    would = "picks" if presets.is_auto else "would pick"
    picked = presets.auto.preset or "none"
    say(f"auto {would} {picked}: {presets.auto.reason}")
    if presets.is_auto and len(presets.presets) > 1:
        say("aperture preset NAME shows what changes when auto picks another one")
    for view in presets.presets:
        say("")
        _show_view(view)


def _show_view(view: PresetView) -> None:
    about = [f"extends {view.extends}"] * (view.extends is not None) + [f"items: {view.sizes}"] * bool(view.sizes)
    mark = "→" if view.is_in_force else " "
    say(f"{mark} {view.name}" + (f"  ({'; '.join(about)})" if about else ""))
    _show_changes(view.changes)


def _show_one(view: PresetView, presets: Presets, against: list[Difference]) -> None:
    _show_view(view)
    say("")
    if view.is_in_force:
        say(f"{presets.file} goes by it")
    elif not against:
        say(f"choosing it would change nothing in {presets.file}")
    else:
        say(f"choosing it would change {counted(len({change.job for change in against}), 'job')} of {presets.file}:")
        _show_changes(against)


def _show_changes(found: Iterable[Difference]) -> None:
    found = list(found)
    width = max((len(change.job or "") for change in found), default=0)
    for change in found:
        key = "" if change.key == "schedule" else f"{change.key}: "
        if change.before is None:
            value = f"{change.after}"
        elif change.after is None:
            value = f"{change.before} → (nothing)"
        else:
            value = f"{change.before} → {change.after}"
        say(f"    {change.job or '':{width}}  {key}{value}")


def _json(presets: Presets) -> dict[str, Any]:
    return {
        "file": presets.file,
        "in_force": presets.in_force,
        "is_auto": presets.is_auto,
        "auto": {"preset": presets.auto.preset, "items": presets.auto.items, "reason": presets.auto.reason},
        "presets": [_view_json(view) for view in presets.presets],
    }


def _view_json(view: PresetView) -> dict[str, Any]:
    return {
        "name": view.name,
        "extends": view.extends,
        "items": view.sizes,
        "in_force": view.is_in_force,
        "changes": [_change_json(change) for change in view.changes],
    }


def _change_json(change: Difference) -> dict[str, Any]:
    return {"job": change.job, "key": change.key, "before": change.before, "after": change.after}
