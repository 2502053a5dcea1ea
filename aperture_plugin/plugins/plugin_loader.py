"""Finds plugins: installed ones, the `hooks/` folder beside the file, named modules, the host's objects.

All problems of all plugins are reported together, and then none of the plugins is used: to run half of the jobs
would be worse than a refusal.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from aperture_plugin.plugins.hook_validation import check_plugin
from aperture_plugin.plugins.hooks_folder import HOOKS_FOLDER as FOLDER
from aperture_plugin.plugins.hooks_folder import import_folder
from aperture_plugin.plugins.hookspecs import PROJECT
from aperture_plugin.plugins.plugin_problems import PluginError, PluginProblem, one_line, where_raised
from aperture_plugin.plugins.registry import Origin, Plugin, Plugins

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["FOLDER", "Plugins", "load_plugins"]

_Found = Plugin | PluginProblem


def load_plugins(
    *,
    directory: Path | None,
    plugins: Sequence[object] = (),
    modules: Sequence[str] = (),
    entry_points: bool = True,
) -> Plugins:
    """Find every plugin, check it and register it.

    They are found in this order: entry points, folder, modules, objects. The one found last is called first, so
    that a host overrides installed plugins. An object found twice counts once.

    Args:
        directory: The folder of the file, whose `hooks/*.py` are plugins; None for no such folder.
        plugins: Objects or modules given by the host.
        modules: Names of modules, as `--plugin` gives them (`package.module` or `package.module:name`).
            They are imported by `sys.path` as it is; whether the current folder is on it is the caller's
            decision.
        entry_points: True to ask installed distributions for the group `aperture`.
    Raises:
        PluginError: A plugin cannot be imported, or misspells a hook or an argument.
    """
    found: list[Plugin] = []
    problems: list[PluginProblem] = []
    for one in _everywhere(directory, plugins, modules, entry_points):
        if isinstance(one, PluginProblem):
            problems.append(one)
        elif not any(other.value is one.value for other in found):
            plugin = _with_a_name_of_its_own(one, found)
            problems.extend(check_plugin(plugin.name, plugin.value))
            found.append(plugin)
    if problems:
        raise PluginError(problems)
    recipe = {
        "directory": None if directory is None else str(directory.resolve()),
        "modules": list(modules),
        "entry_points": entry_points,
    }
    return Plugins(found, recipe=recipe)


def _everywhere(
    directory: Path | None, plugins: Sequence[object], modules: Sequence[str], entry_points: bool
) -> Iterator[_Found]:
    if entry_points:
        yield from _installed()
    if directory is not None:
        for name, module in import_folder(directory / FOLDER):
            if isinstance(module, PluginProblem):
                yield module
            else:
                yield Plugin(name=name, origin=Origin.FOLDER, value=module)
    yield from (_named(module) for module in modules)
    yield from (Plugin(name=_name_of(one), origin=Origin.HOST, value=one) for one in plugins)


def _installed() -> Iterator[_Found]:
    from importlib.metadata import entry_points

    points: Iterable[EntryPoint] = entry_points(group=PROJECT)
    for point in sorted(points, key=lambda point: (point.name, point.value)):
        try:
            value = point.load()
            # An entry point can name a class; it is instantiated here.
            value = value() if inspect.isclass(value) else value
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a distribution may raise anything on import
            owner = point.dist.name if point.dist is not None else "an installed distribution"
            yield PluginProblem(
                plugin=point.name,
                where=where_raised(error),
                message=f'the entry point "{point.value}" of {owner} cannot be loaded: {one_line(error)}',
                hint=f"mend {owner}, or uninstall it",
            )
        else:
            yield Plugin(name=point.name, origin=Origin.ENTRY_POINT, value=value)


def _named(spelled: str) -> _Found:
    module_name, _, attribute = spelled.partition(":")
    try:
        value: object = importlib.import_module(module_name)
        for part in attribute.split(".") if attribute else ():
            value = getattr(value, part)
        value = value() if inspect.isclass(value) else value
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a module may raise anything while it is imported
        is_itself = isinstance(error, ModuleNotFoundError) and (module_name + ".").startswith(f"{error.name}.")
        hint = (
            "write it as import would; the folder it lies in has to be one that Python imports from"
            if is_itself
            else "mend the module, or leave the plugin out"
        )
        return PluginProblem(
            plugin=spelled,
            where=None if is_itself else where_raised(error),
            message="there is no module of that name" if is_itself else f"it cannot be loaded: {one_line(error)}",
            hint=hint,
        )
    return Plugin(name=spelled, origin=Origin.MODULE, value=value)


def _name_of(plugin: object) -> str:
    if isinstance(plugin, ModuleType) or inspect.isclass(plugin):
        return plugin.__name__
    return type(plugin).__name__


def _with_a_name_of_its_own(plugin: Plugin, others: Sequence[Plugin]) -> Plugin:
    taken = {"built-in", *(other.name for other in others)}
    name, number = plugin.name, 2
    while name in taken:
        name, number = f"{plugin.name} ({number})", number + 1
    return Plugin(name=name, origin=plugin.origin, value=plugin.value)
