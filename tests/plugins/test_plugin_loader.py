"""Finding plugins, and telling what is wrong with them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from textwrap import dedent
from types import ModuleType

import pytest

from aperture_plugin import Job, hookimpl
from aperture_plugin.plugins.plugin_loader import load_plugins
from aperture_plugin.plugins.plugin_problems import PluginError

from .conftest import Folder

JOBS = """
    from aperture_plugin import Job, hookimpl

    @hookimpl
    def aperture_jobs():
        yield Job("library-scan", scan)

    def scan(run):
        return "scanned"
"""


class Library:
    """A host's plugin."""

    @hookimpl
    def aperture_jobs(self) -> list[Job]:
        return [Job("embeddings", self.embed)]

    def embed(self) -> None:
        """Do nothing."""


def test_a_module_in_hooks_is_itself_the_plugin(folder: Folder) -> None:
    folder.write("media.py", JOBS)

    plugins = folder.load()

    assert list(plugins.jobs) == ["library-scan"]
    assert plugins.owner("library-scan") == "hooks/media.py"
    assert plugins.found


def test_without_any_plugin_there_is_the_built_in_one_and_nothing_was_found(folder: Folder) -> None:
    plugins = folder.load()

    assert (dict(plugins.jobs), plugins.found, plugins.names()) == ({}, False, [("built-in", "built in")])


def test_a_helper_beside_the_plugins_is_imported_with_a_dot_and_is_no_plugin(folder: Folder) -> None:
    folder.write("_tools.py", "NAME = 'library-scan'")
    folder.write("medialib/__init__.py", "from .._tools import NAME")
    folder.write(
        "media.py",
        """
        from aperture_plugin import Job, hookimpl
        from . import _tools
        from .medialib import NAME

        @hookimpl
        def aperture_jobs():
            assert _tools.NAME is NAME
            return [Job(NAME, print)]
        """,
    )
    path = list(sys.path)

    plugins = folder.load()

    assert list(plugins.jobs) == ["library-scan"]
    assert [name for name, _ in plugins.names()] == ["built-in", "hooks/media.py"]
    assert sys.path == path


def test_an_import_within_a_handler_works_as_well(folder: Folder) -> None:
    folder.write("_late.py", "VALUE = 7")
    folder.write("media.py", JOBS.replace('return "scanned"', "from ._late import VALUE; return VALUE"))

    plugins = folder.load()

    assert plugins.jobs["library-scan"].handler(None) == 7


def test_two_folders_with_the_same_file_names_do_not_clash(folder: Folder) -> None:
    other = Folder(folder.path / "other")
    folder.write("media.py", JOBS)
    other.write("media.py", JOBS.replace("library-scan", "other-scan"))

    one, two = folder.load(), other.load()

    assert (list(one.jobs), list(two.jobs)) == (["library-scan"], ["other-scan"])


def test_a_folder_loaded_again_is_read_again_even_within_the_same_second(folder: Folder) -> None:
    for name in ("scan-1", "scan-2", "scan-3"):
        folder.write("media.py", JOBS.replace("library-scan", name))

        assert list(folder.load().jobs) == [name]

    assert not (folder.path / "hooks" / "__pycache__").exists()


def test_closing_forgets_the_modules_of_the_folder(folder: Folder) -> None:
    folder.write("_tools.py", "")
    folder.write("media.py", "from . import _tools")
    before = set(sys.modules)

    plugins = folder.load()
    assert len(set(sys.modules) - before) == 3
    plugins.close()

    assert set(sys.modules) == before


def test_plugins_are_found_in_files_modules_and_objects_and_each_only_once(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write("media.py", JOBS)
    (folder.path / "extra.py").write_text("class Extra: pass\nextra = Extra()\n", encoding="utf-8")
    monkeypatch.syspath_prepend(folder.path)
    library = Library()

    plugins = folder.load(library, library, modules=["extra", "extra:extra", "extra:Extra"])

    assert plugins.names()[1:] == [
        ("hooks/media.py", "hooks folder"),
        ("extra", "--plugin"),
        ("extra:extra", "--plugin"),
        ("extra:Extra", "--plugin"),
        ("Library", "host"),
    ]
    assert list(plugins.jobs) == ["library-scan", "embeddings"]


def test_a_recipe_loads_the_same_plugins_elsewhere_but_for_objects_that_only_listen(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Listening:
        @hookimpl
        def aperture_run_changed(self, run: object) -> None: ...

    folder.write("media.py", JOBS)
    (folder.path / "module_of_host.py").write_text(dedent(JOBS).replace("library-scan", "host-scan"))
    monkeypatch.syspath_prepend(folder.path)
    import module_of_host  # type: ignore[import-not-found]

    recipe = folder.load(Listening(), module_of_host).recipe()

    assert recipe == {"directory": str(folder.path), "modules": ["module_of_host"], "entry_points": False}
    again = load_plugins(directory=Path(recipe.pop("directory")), **recipe)
    assert list(again.jobs) == ["library-scan", "host-scan"]


def test_an_object_whose_jobs_another_process_would_need_has_no_recipe(folder: Folder) -> None:
    with pytest.raises(PluginError) as refused:
        folder.load(Library()).recipe()

    assert str(refused.value) == (
        "plugin Library: it is an object of this process, and a process of its own cannot reach its jobs\n"
        "   hint: make it a module: in hooks/, as --plugin or as an entry point; or write  executor: threads"
    )


def test_two_objects_of_a_class_have_names_of_their_own(folder: Folder) -> None:
    class Quiet:
        pass

    plugins = folder.load(Quiet(), Quiet())

    assert [name for name, _ in plugins.names()] == ["built-in", "Quiet", "Quiet (2)"]


def test_installed_distributions_are_asked_for_their_entry_points(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "acme.py").write_text(
        "from aperture_plugin import Job, hookimpl\n"
        "class Acme:\n"
        "    @hookimpl\n"
        "    def aperture_jobs(self):\n"
        "        yield Job('acme-sync', self.sync)\n"
        "    def sync(self, run): ...\n",
        encoding="utf-8",
    )
    info = tmp_path / "acme-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[aperture]\nacme = acme:Acme\nbroken = acme:Nothing\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(PluginError) as refused:
        load_plugins(directory=None)
    assert str(refused.value) == (
        'plugin broken: the entry point "acme:Nothing" of acme cannot be loaded: '
        "AttributeError: module 'acme' has no attribute 'Nothing'\n"
        "   hint: mend acme, or uninstall it"
    )

    (info / "entry_points.txt").write_text("[aperture]\nacme = acme:Acme\n", encoding="utf-8")
    plugins = load_plugins(directory=None)
    assert ("acme", "entry point") in plugins.names()
    assert list(plugins.jobs) == ["acme-sync"]


def test_a_misspelt_hook_is_named_with_its_place_and_the_nearest(folder: Folder) -> None:
    folder.write(
        "media.py",
        """
        from aperture_plugin import hookimpl

        @hookimpl
        def aperture_job():
            return []
        """,
    )

    assert folder.refused() == (
        'hooks/media.py:5: plugin hooks/media.py: "aperture_job" is no hook\n'
        "   hint: expected one of aperture_jobs, aperture_library_size, aperture_lint, aperture_executor, "
        "aperture_config_loaded, aperture_config_rejected, aperture_ready, aperture_run_job, aperture_run_changed"
        '; did you mean "aperture_jobs"?'
    )


def test_a_misspelt_argument_is_named_with_the_nearest(folder: Folder) -> None:
    class Host:
        @hookimpl
        def aperture_run_changed(self, runn: object) -> None:
            pass

        @hookimpl
        def aperture_jobs(self, config: object) -> list[Job]:
            return []

    told = folder.refused(Host())

    assert '"config" is no argument of aperture_jobs\n   hint: aperture_jobs has no arguments' in told
    assert ('"runn" is no argument of aperture_run_changed\n   hint: expected one of run; did you mean "run"?') in told
    assert f"{Path(__file__).name}:" in told


def test_a_hook_without_the_mark_is_no_silent_nothing(folder: Folder) -> None:
    folder.write("media.py", JOBS.replace("@hookimpl\n", "\n").replace("aperture_jobs", "aperture_jobs"))

    assert folder.refused().startswith(
        "hooks/media.py:5: plugin hooks/media.py: aperture_jobs is not marked as a hook, so it would never be called\n"
        "   hint: write  @hookimpl  above it"
    )


def test_what_merely_begins_like_a_hook_and_is_no_function_is_left_alone(folder: Folder) -> None:
    folder.write(
        "media.py",
        """
        import aperture_plugin
        from _helpers import aperture_url

        aperture_home = "/srv"
        """,
    )
    helpers = ModuleType("_helpers")
    exec("def aperture_url(): ...", vars(helpers))
    sys.modules["_helpers"] = helpers
    try:
        assert folder.load().found
    finally:
        del sys.modules["_helpers"]


def test_a_property_of_a_host_object_is_not_run(folder: Folder) -> None:
    class Host:
        @property
        def aperture_database(self) -> object:
            raise AssertionError("nobody asked for it")

        @property
        def connection(self) -> object:
            raise AssertionError("nobody asked for it")

    assert folder.load(Host()).found


@pytest.mark.parametrize(
    ("plugin", "told"),
    [
        ("media", "plugin str: 'media' is no plugin"),
        (Library, "Library is a class, and aperture_jobs needs an object of it\n   hint: give an object:  Library()"),
    ],
)
def test_what_is_no_plugin_is_told_in_words(folder: Folder, plugin: object, told: str) -> None:
    assert told in folder.refused(plugin)


def test_hooks_are_plain_functions_and_only_the_dispatch_is_wrapped(folder: Folder) -> None:
    class Host:
        @hookimpl
        async def aperture_run_changed(self, run: object) -> None:
            pass

        @hookimpl(wrapper=True)
        def aperture_jobs(self) -> object:
            return (yield)

        @hookimpl(wrapper=True)
        def aperture_run_job(self, job: object, run: object) -> None:
            pass

    told = folder.refused(Host())

    assert "aperture_run_changed is async, and hooks are not" in told
    assert "aperture_jobs cannot be wrapped" in told
    assert "the wrapper aperture_run_job has no yield" in told


def test_all_that_is_wrong_is_told_at_once_with_its_places(folder: Folder) -> None:
    folder.write("a.py", "import nothing_of_that_name\n")
    folder.write("b.py", "x = 1\ndef (:\n")
    folder.write("c.py", "from _helper import x\n")
    folder.write("_helper.py", "raise RuntimeError('no')\n")
    folder.write("d.py", "from ._helper import x\n")
    folder.write("e.f.py", "")
    folder.write("g.py", "import sys\n\nsys.exit(4)\n")

    told = folder.refused(modules=["no.such", "json:nope"]).split("\n")

    assert told[0::2] == [
        "hooks/a.py:1: plugin hooks/a.py: it cannot be imported: ModuleNotFoundError: No module named "
        "'nothing_of_that_name'",
        "hooks/b.py:2: plugin hooks/b.py: it cannot be imported: SyntaxError: invalid syntax (b.py, line 2)",
        "hooks/c.py:1: plugin hooks/c.py: it cannot be imported: ModuleNotFoundError: No module named '_helper'",
        "hooks/_helper.py:1: plugin hooks/d.py: it cannot be imported: RuntimeError: no",
        "plugin hooks/e.f.py: a file name with a dot in it cannot be imported",
        "hooks/g.py:3: plugin hooks/g.py: it cannot be imported: SystemExit: 4",
        "plugin no.such: there is no module of that name",
        "plugin json:nope: it cannot be loaded: AttributeError: module 'json' has no attribute 'nope'",
    ]
    assert told[5] == "   hint: what lies in hooks/ is imported with a dot: from ._helper import …"


def test_what_is_no_file_is_named_and_what_an_editor_hides_is_passed_by(tmp_path: Path) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    os.mkfifo(hooks / "pipe.py")
    (hooks / ".#media.py").symlink_to("ana@host.4711")

    with pytest.raises(PluginError) as refused:
        load_plugins(directory=tmp_path, entry_points=False)

    assert [(one.plugin, one.message) for one in refused.value.problems] == [("hooks/pipe.py", "it is no file")]
