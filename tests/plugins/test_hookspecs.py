"""Every hook is a promise, kept in its docstring: an example that loads, and a test that calls it."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from textwrap import dedent

import pytest

from aperture_plugin.plugins.hook_validation import HOOKS
from aperture_plugin.plugins.hookspecs import Hooks

EXAMPLE = re.compile(r"^( +)@hookimpl.*\n(?:\1.*\n|\s*\n)+", re.MULTILINE)


def doc_of(hook: str) -> str:
    return inspect.getdoc(getattr(Hooks, hook)) or ""


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_shows_an_implementation_that_would_be_accepted(hook: str) -> None:
    [example] = EXAMPLE.finditer(doc_of(hook) + "\n")

    [function] = ast.parse(dedent(example.group())).body

    assert isinstance(function, ast.FunctionDef)
    assert function.name == hook
    given = [argument.arg for argument in function.args.args]
    assert given[0] == "self"
    assert set(given[1:]) <= set(HOOKS[hook])


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_says_what_an_answer_and_a_raise_mean(hook: str) -> None:
    doc = doc_of(hook)

    assert "Returns:" in doc or "The result is ignored" in doc
    assert re.search(r"\b[Rr]aising\b", doc)
    assert re.search(r"New in \d+\.\d+\.$", doc)
    for argument in HOOKS[hook]:
        assert re.search(rf"^    (?:\w+, )*{argument}(?:, \w+)*:", doc, re.MULTILINE), argument


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_has_a_test(hook: str) -> None:
    tests = "".join(file.read_text(encoding="utf-8") for file in Path(__file__).parent.glob("test_registry.py"))

    assert f"def {hook}(" in tests


def test_the_contract_names_the_same_hooks() -> None:
    assert set(HOOKS) == {
        "aperture_jobs",
        "aperture_run_job",
        "aperture_run_changed",
        "aperture_library_size",
        "aperture_ready",
        "aperture_lint",
        "aperture_config_loaded",
        "aperture_config_rejected",
        "aperture_executor",
    }
