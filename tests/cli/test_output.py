"""What is written for programs, whatever it is and however much."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from aperture_plugin.cli.output import json_pieces

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.lists(inner).map(tuple),
)


@given(VALUES, st.booleans())
def test_json_is_written_as_the_library_indents_it(value: Any, ascii_only: bool) -> None:
    written = "".join(json_pieces(value, ascii_only=ascii_only))

    assert written == json.dumps(value, indent=2, ensure_ascii=ascii_only)


def test_of_many_jobs_each_is_written_by_itself() -> None:
    job = {"job": "scan", "values": [{"key": "queue", "variables": []}] * 3}

    pieces = list(json_pieces({"file": "schedules.yaml", "jobs": [job] * 1000}, ascii_only=False))

    assert max(map(len, pieces)) < 100
    assert len(pieces) < 20 * 1000, "what holds only plain values is one piece, put into words by the faster encoder"
