"""The `hooks/` folder beside the file: every module in it is a plugin.

The modules live in a synthetic package that has only a `__path__`. So `from
.medialib import x` and `from . import _tools` work, `sys.path` is not touched, the `library.py` of two
folders are two modules, and loading a folder again reads it again.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, FileFinder, ModuleSpec, SourceFileLoader
from itertools import count
from pathlib import Path
from types import CodeType, ModuleType
from typing import Final

from aperture_plugin.plugins.plugin_problems import PluginProblem, one_line, where_raised

__all__ = ["HOOKS_FOLDER", "forget_folder", "import_folder"]

HOOKS_FOLDER: Final = "hooks"
"""The folder beside the file whose modules are plugins."""

_numbers = count(1)


def import_folder(folder: Path) -> Iterator[tuple[str, ModuleType | PluginProblem]]:
    """Import every plugin of *folder*, in the order of their file names.

    Files whose name begins with `_` are not plugins, but plugins may import them. Hidden files are skipped.

    Args:
        folder: The hooks folder; one that is not there holds no plugins.
    Yields:
        The plugin's name, `hooks/media.py`, and the module, or the problem that kept it from being imported.
    """
    files = sorted(file for file in folder.glob("*.py") if not file.name.startswith(("_", ".")))
    if not files:
        return
    package = _package_for(folder.resolve())
    for file in files:
        name = f"{folder.name}/{file.name}"
        if not file.is_file():
            message = "it is no file" if file.exists() else "it is a link that leads nowhere"
            yield name, PluginProblem(plugin=name, message=message, hint="take it out of the folder")
            continue
        if "." in file.stem:
            yield (
                name,
                PluginProblem(
                    plugin=name,
                    message="a file name with a dot in it cannot be imported",
                    hint=f'call it "{file.stem.replace(".", "_")}.py"',
                ),
            )
            continue
        try:
            yield name, importlib.import_module(f"{package}.{file.stem}")
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a module may raise anything while it is imported
            yield name, _not_imported(name, folder, error)


def forget_folder(module: ModuleType) -> None:
    """Remove all modules of the folder that *module* was imported from out of `sys.modules`."""
    package = module.__name__.partition(".")[0]
    for name in [name for name in sys.modules if name == package or name.startswith(package + ".")]:
        del sys.modules[name]


class _Fresh(SourceFileLoader):
    """A loader that compiles the present text of the file.

    Cached bytecode counts as current for a whole second when an edit keeps the file's length, and it would
    leave files in the operator's folder.
    """

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 - importlib names it
        return self.source_to_code(self.get_data(self.path), self.path)


def _package_for(folder: Path) -> str:
    name = f"aperture_hooks_{next(_numbers)}"
    package = ModuleType(name, f"The plugins of {folder}.")
    package.__path__ = [str(folder)]
    package.__spec__ = ModuleSpec(name, None, is_package=True)
    package.__spec__.submodule_search_locations = package.__path__
    package.__package__ = name
    sys.modules[name] = package
    # The import system asks this finder for everything below the package's __path__.
    sys.path_importer_cache[str(folder)] = FileFinder(
        str(folder), (ExtensionFileLoader, EXTENSION_SUFFIXES), (_Fresh, [".py"])
    )
    return name


def _not_imported(name: str, folder: Path, error: BaseException) -> PluginProblem:
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    if missing is not None and ((folder / f"{missing}.py").is_file() or (folder / missing).is_dir()):
        hint = f"what lies in {folder.name}/ is imported with a dot: from .{missing} import …"
    elif missing is not None:
        hint = f'install what provides "{missing}" in the Python that runs aperture, or take the file out'
    else:
        hint = f"mend the file, or call it _{name.rpartition('/')[2]} to leave it out"
    return PluginProblem(
        plugin=name, message=f"it cannot be imported: {one_line(error)}", hint=hint, where=where_raised(error)
    )
