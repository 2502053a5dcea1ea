"""The "run with…" form, and what the pages show of the parameters of a run."""

from __future__ import annotations

from aperture_plugin.testing import World
from tests.web.conftest import Browser

FILE = """\
schedules:
  scan:
    schedule: manual
    title: Library Scan
    command: 'true'
    params:
      depth: 1
      api_key: hunter22
  free:
    schedule: manual
    command: 'true'
"""


def test_the_form_has_a_field_for_each_parameter_and_shows_no_secret(world: World, page: Browser) -> None:
    world.write(FILE).start()

    html = page.get("/jobs/scan/run").text

    assert 'name="param.depth" value="" placeholder="1"' in html
    assert 'name="param.api_key" value="" placeholder="•••"' in html
    assert "hunter22" not in html
    assert 'name="more"' not in html
    assert 'name="more"' in page.get("/jobs/free/run").text
    assert 'href="../jobs/scan/run"' in page.get("/jobs/scan").text


def test_only_what_was_filled_in_is_changed_and_the_history_shows_it(world: World, page: Browser) -> None:
    world.write(FILE).start()

    sent = {"form": "with", "param.depth": "3", "param.api_key": "", "note": "<b>again</b>", "back": "jobs/scan"}
    answer = page.submit("/api/jobs/scan/run", **sent)
    world.drain()

    [run] = page.json("/api/history")
    html = page.get("/jobs/scan").text
    assert (answer.status_code, answer.headers["location"]) == (303, "../../../jobs/scan")
    assert (run["params"], run["note"]) == ({"depth": 3}, "<b>again</b>")
    assert "<small>with depth: 3</small>" in html
    assert "&lt;b&gt;again&lt;/b&gt;" in html


def test_a_command_takes_whatever_it_is_given(world: World, page: Browser) -> None:
    world.write(FILE).start()

    page.submit("/api/jobs/free/run", form="with", more="kind=film\n\n year = 1999 ")
    wrong = page.submit("/api/jobs/free/run", form="with", more="kind film")

    [run] = page.json("/api/history")
    assert run["params"] == {"kind": "film", "year": 1999}
    assert (wrong.status_code, "&#34;kind film&#34; is not NAME=VALUE" in wrong.text) == (422, True)


def test_a_value_of_the_wrong_type_is_said_beside_the_fields_and_they_stay(world: World, page: Browser) -> None:
    world.write(FILE).start()

    sent = {"form": "with", "param.dpeth": "3", "param.depth": "4", "note": "a look"}
    answer = page.submit("/api/jobs/scan/run", **sent)

    assert answer.status_code == 422
    assert "scan has no parameter &#34;dpeth&#34;; did you mean &#34;depth&#34;?" in answer.text
    assert 'name="param.depth" value="4"' in answer.text
    assert 'name="note" maxlength="200" value="a look"' in answer.text
    assert page.json("/api/status")["queue"] == []
