"""The inputs that fuzzing began with, and those that it once broke something with, read again every day."""

from __future__ import annotations

from pathlib import Path

import pytest

from aperture_plugin.config.layers.incremental import forget_readings
from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).parent / "corpus"
INPUTS = sorted(path for path in CORPUS.rglob("*") if path.is_file())


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_an_input_of_the_corpus_holds_what_must_hold(path: Path) -> None:
    forget_readings()

    TARGETS[path.parent.name](path.read_bytes())


def test_every_target_has_inputs() -> None:
    assert {path.parent.name for path in INPUTS} == set(TARGETS)
