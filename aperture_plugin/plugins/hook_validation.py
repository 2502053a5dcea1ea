"""Checks that a plugin implements hooks that exist, with arguments that exist, marked as implementations.

pluggy accepts an unknown hook until it is called, and ignores a function without the marker. Both look like a
job that silently did not run, so both are errors at load.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType, MethodType, ModuleType
from typing import Any, Final

from aperture_plugin.plugins.hookspecs import PROJECT, Hooks
from aperture_plugin.plugins.plugin_problems import PluginProblem, line_of
from aperture_plugin.words.did_you_mean import did_you_mean

__all__ = ["HOOKS", "check_plugin", "function_of"]

_PREFIX: Final = f"{PROJECT}_"
_WRAPPABLE: Final = "aperture_run_job"


def _arguments(function: Callable[..., Any]) -> tuple[str, ...]:
    parameters = inspect.signature(function).parameters.values()
    return tuple(p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD))


HOOKS: Final[Mapping[str, tuple[str, ...]]] = {
    name: _arguments(function)[1:] for name, function in vars(Hooks).items() if name.startswith(_PREFIX)
}
"""Every hook and the arguments it is called with."""


def check_plugin(name: str, plugin: object) -> Iterator[PluginProblem]:
    """Yield the problems that keep hooks of *plugin* from being called.

    Args:
        name: The plugin's name in messages.
        plugin: An object or a module.
    """
    if isinstance(plugin, str | bytes | int | float) or plugin is None:
        yield PluginProblem(
            plugin=name,
            message=f"{plugin!r} is no plugin",
            hint="give an object or a module whose functions are marked with @hookimpl",
        )
        return
    for attribute in dir(plugin):
        if attribute.startswith("__"):
            continue
        function = function_of(plugin, attribute)
        if function is None:
            continue
        options = _mark(plugin, attribute, function)
        if options is not None:
            yield from _check_marked(name, plugin, attribute, function, options)
        elif attribute.startswith(_PREFIX) and _is_own(plugin, function):
            yield _unmarked(name, attribute, function)


def function_of(plugin: object, attribute: str) -> FunctionType | None:
    """Return the function behind an attribute, without running any property; None where there is none."""
    value = inspect.getattr_static(plugin, attribute, None)
    if isinstance(value, staticmethod | classmethod | MethodType):
        value = value.__func__
    return value if isinstance(value, FunctionType) else None


def _mark(plugin: object, attribute: str, function: FunctionType) -> Mapping[str, Any] | None:
    for holder in (inspect.getattr_static(plugin, attribute, None), function):
        options = getattr(holder, f"{PROJECT}_impl", None)
        if isinstance(options, Mapping):
            return options
    return None


def _is_own(plugin: object, function: FunctionType) -> bool:
    """Return whether the function is defined by the plugin, and not imported into its module."""
    return not isinstance(plugin, ModuleType) or function.__module__ == plugin.__name__


def _unmarked(name: str, attribute: str, function: FunctionType) -> PluginProblem:
    where = line_of(function.__code__)
    if attribute in HOOKS:
        return PluginProblem(
            plugin=name,
            where=where,
            message=f"{attribute} is not marked as a hook, so it would never be called",
            hint="write  @hookimpl  above it (from aperture_plugin import hookimpl)",
        )
    return _unknown_hook(name, attribute, where)


def _unknown_hook(name: str, hook: str, where: str) -> PluginProblem:
    return PluginProblem(
        plugin=name,
        where=where,
        message=f'"{hook}" is no hook',
        hint=f"expected one of {', '.join(HOOKS)}{did_you_mean(hook, HOOKS)}",
    )


def _check_marked(
    name: str, plugin: object, attribute: str, function: FunctionType, options: Mapping[str, Any]
) -> Iterator[PluginProblem]:
    hook, where = str(options.get("specname") or attribute), line_of(function.__code__)
    if hook not in HOOKS:
        if not options.get("optionalhook"):
            yield _unknown_hook(name, hook, where)
        return
    given = _arguments_of_hook(plugin, attribute, function)
    if inspect.isclass(plugin) and given[:1] == ("self",):
        yield PluginProblem(
            plugin=name,
            where=where,
            message=f"{plugin.__name__} is a class, and {attribute} needs an object of it",
            hint=f"give an object:  {plugin.__name__}()",
        )
        return
    for argument in given:
        if argument not in HOOKS[hook]:
            yield _unknown_argument(name, hook, argument, where)
    for argument in _given_defaults(function):
        if argument in HOOKS[hook]:
            yield PluginProblem(
                plugin=name,
                where=where,
                message=f"{argument} of {hook} has a default, so it would never be given",
                hint=f"take the default away:  def {attribute}({', '.join(dict.fromkeys([*given, argument]))})",
            )
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        yield PluginProblem(
            plugin=name, where=where, message=f"{attribute} is async, and hooks are not", hint=f"write  def {attribute}"
        )
    if options.get("wrapper") or options.get("hookwrapper"):
        yield from _check_wrapper(name, hook, function, where)


def _arguments_of_hook(plugin: object, attribute: str, function: FunctionType) -> tuple[str, ...]:
    """Return the argument names of a hook: those without a default, and without the bound first one."""
    parameters = inspect.signature(function).parameters.values()
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = tuple(p.name for p in parameters if p.kind in positional and p.default is p.empty)
    static = inspect.getattr_static(plugin, attribute, None)
    if isinstance(static, staticmethod) or isinstance(plugin, ModuleType):
        return names
    is_plain_in_class = inspect.isclass(plugin) and isinstance(static, FunctionType)
    is_stored_function = isinstance(static, FunctionType) and attribute in getattr(plugin, "__dict__", {})
    return names if is_plain_in_class or is_stored_function else names[1:]


def _given_defaults(function: FunctionType) -> Iterator[str]:
    """Yield the names of the arguments that have a default."""
    for parameter in inspect.signature(function).parameters.values():
        if parameter.default is not parameter.empty:
            yield parameter.name


def _unknown_argument(name: str, hook: str, argument: str, where: str) -> PluginProblem:
    known = HOOKS[hook]
    expected = f"expected one of {', '.join(known)}" if known else f"{hook} has no arguments"
    return PluginProblem(
        plugin=name,
        where=where,
        message=f'"{argument}" is no argument of {hook}',
        hint=expected + did_you_mean(argument, known),
    )


def _check_wrapper(name: str, hook: str, function: FunctionType, where: str) -> Iterator[PluginProblem]:
    if hook != _WRAPPABLE:
        yield PluginProblem(
            plugin=name,
            where=where,
            message=f"{hook} cannot be wrapped",
            hint=f"only {_WRAPPABLE} surrounds something; write  @hookimpl  without wrapper",
        )
    elif not inspect.isgeneratorfunction(function):
        yield PluginProblem(
            plugin=name,
            where=where,
            message=f"the wrapper {function.__name__} has no yield",
            hint="write  outcome = yield  where the run goes on, and end with  return outcome",
        )
