"""The house in order: names, circles between files, lengths, and the first words of docstrings."""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

import aperture_plugin

PACKAGE = Path(aperture_plugin.__file__).parent

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef

NOUNS = {"wiring"}
"""Words that end in -ing and are things."""

SHARED = {
    # A command and the function behind it.
    *("audit", "backfill", "check", "doctor", "manifest", "plan", "schema", "status"),
    # What the core needs, and who provides it.
    *("clock", "ledger", "mailbox"),
    # One thing as text, as a rule, as rows of the store, or as a stage of a tick.
    *("errors", "expectations", "generations", "limits", "retention", "start_runs"),
    # Commands are named as they are typed; neither is about what `rules/completion.py` and `worker.py` are.
    *("completion", "worker"),
}
"""Names of two modules each."""

OPENINGS = re.compile(
    r"(?:What|Who|Whose|Whom|Whoever|Whatever|Whether|When|Where|Why|How|Which|That|So many|Let|Say)\b"
)

LONGEST_FILE = 460
LONGEST_FUNCTION = 60
"""Lines of its statements, without the docstring."""


def _modules() -> dict[str, ast.Module]:
    paths = (path for path in sorted(PACKAGE.rglob("*.py")) if "starter" not in path.parts)
    return {path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


MODULES = _modules()


def test_no_class_name_stands_for_two_things() -> None:
    places = defaultdict(list)
    for name, tree in MODULES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(f"{name}:{node.lineno}")

    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_no_module_is_named_by_a_bare_gerund() -> None:
    names = {Path(name).stem for name in MODULES} | {Path(name).parent.name for name in MODULES}

    assert {name for name in names if re.fullmatch(r"[a-z]+ing", name)} - NOUNS == {"testing"}


def test_no_two_modules_share_a_name_but_for_one_thing() -> None:
    names = Counter(Path(name).stem for name in MODULES if not name.endswith("__init__.py"))

    assert {name for name, times in names.items() if times > 1} == SHARED
    assert max(names.values()) == 2


def test_every_docstring_opens_with_a_subject_or_a_verb_that_says_what_is_done() -> None:
    wrong = [
        f"{name}:{line}: {words}"
        for name, tree in MODULES.items()
        for line, words in _docstrings(tree)
        if OPENINGS.match(words)
    ]

    assert wrong == []


def test_no_file_and_no_function_is_too_long_to_read() -> None:
    long = [
        f"{name}: {length} lines"
        for name in MODULES
        if (length := len((PACKAGE / name).read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    ]
    for name, tree in MODULES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _length(node) > LONGEST_FUNCTION:
                long.append(f"{name}:{node.lineno}: {node.name} has {_length(node)} lines")

    assert long == []


def test_no_files_import_each_other_in_a_circle() -> None:
    imported = {_dotted(name): set(_imports(tree, inside=_dotted(name))) for name, tree in MODULES.items()}
    graph = {name: found & imported.keys() for name, found in imported.items()}

    assert _circles(graph) == []


def test_a_circle_is_found() -> None:
    assert _circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == [["b", "c"]]


@pytest.mark.parametrize("text", ["What a run is.", "Whether it runs.", "Let it run."])
def test_an_opening_that_says_neither_is_found(text: str) -> None:
    assert OPENINGS.match(text)


# ── helpers ──────────────────────────────────────────────────────────────────────────────────────


def _docstrings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, Documented) and (words := ast.get_docstring(node)):
            yield node.body[0].lineno, words


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = function.body[1 if ast.get_docstring(function) and len(function.body) > 1 else 0]
    return (function.end_lineno or 0) - first.lineno + 1


def _dotted(name: str) -> str:
    return "aperture_plugin." + name.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


def _imports(tree: ast.Module, *, inside: str) -> Iterator[str]:
    """Yield the modules that *inside* imports; the imports of a type checker, and lazy exports, are no imports."""
    for node in _run_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules = {_dotted(name) for name in MODULES}
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                found = submodule if submodule in modules else node.module
                if found != inside:
                    yield found


def _run_nodes(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        is_checked = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
        if is_checked or (isinstance(child, ast.FunctionDef) and child.name == "__getattr__"):
            continue
        yield child
        yield from _run_nodes(child)


def _circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return the groups of two and more in *graph* that reach each other, by Tarjan's algorithm."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        order[name] = lowest[name] = len(order)
        stack.append(name)
        for other in graph[name]:
            if other not in order:
                visit(other)
                lowest[name] = min(lowest[name], lowest[other])
            elif other in stack:
                lowest[name] = min(lowest[name], order[other])
        if lowest[name] == order[name]:
            group = stack[stack.index(name) :]
            del stack[-len(group) :]
            if len(group) > 1:
                found.append(sorted(group))

    for name in sorted(graph):
        if name not in order:
            visit(name)
    return sorted(found)
