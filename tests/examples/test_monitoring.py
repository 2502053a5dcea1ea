"""The alert rules and the dashboard under examples/monitoring: they fire when they should, and show what exists."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from aperture_plugin import Aperture
from aperture_plugin.app.installation import Installation
from aperture_plugin.testing import World
from aperture_plugin.web.metrics import InstallationCollector
from tests.examples.conftest import REPOSITORY
from tests.examples.test_deploy import checked, tool

MONITORING = REPOSITORY / "examples" / "monitoring"
FILE = "limits:\n  tmdb: 40 per 10 seconds\nschedules:\n  scan: every 2 hours\n"


def alerts() -> dict[str, dict[str, Any]]:
    """Return the alert rules by their name."""
    text = (MONITORING / "alerts.yaml").read_text(encoding="utf-8")
    return {rule["alert"]: rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]}


def dashboard() -> dict[str, Any]:
    """Return the dashboard."""
    found: dict[str, Any] = json.loads((MONITORING / "dashboard.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture
def printed(aperture_world: World) -> dict[str, set[str]]:
    """Every metric that /metrics prints, with the labels that it has."""
    world = aperture_world.write(FILE)
    world.start(at="2026-01-10 00:30").advance("2 hours")
    beside = Aperture(world.file, entry_points=False, hooks=False, environ={"TZ": "UTC"}, clock=world.clock)
    installation: Installation = beside.installation()
    found: dict[str, set[str]] = {}
    for family in InstallationCollector(installation).collect():
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    installation.close()
    return found


def test_every_rule_fires_when_it_should_and_not_before() -> None:
    checked([tool("promtool"), "check", "rules", MONITORING / "alerts.yaml"])
    checked([tool("promtool"), "test", "rules", MONITORING / "alerts-test.yaml"])


def test_every_rule_is_tested() -> None:
    cases = yaml.safe_load((MONITORING / "alerts-test.yaml").read_text(encoding="utf-8"))["tests"]
    tests = [test for case in cases for test in case["alert_rule_test"]]

    for wanted in (True, False):
        assert {test["alertname"] for test in tests if bool(test["exp_alerts"]) is wanted} == set(alerts())


def test_prometheus_takes_its_settings(tmp_path: Path) -> None:
    (tmp_path / "alerts.yaml").write_text((MONITORING / "alerts.yaml").read_text())
    settings = tmp_path / "prometheus.yml"
    settings.write_text((MONITORING / "prometheus.yaml").read_text())

    checked([tool("promtool"), "check", "config", settings])


def test_rules_and_dashboard_ask_for_metrics_and_labels_that_there_are(printed: dict[str, set[str]]) -> None:
    panels = [target["expr"] for panel in dashboard()["panels"] for target in panel["targets"]]
    expressions = [*(rule["expr"] for rule in alerts().values()), *panels]
    named = {name for expression in expressions for name in re.findall(r"\baperture_\w+", expression)}

    assert named - set(printed) == set()
    for expression in expressions:
        for label in re.findall(r"by \(([\w, ]+)\)", expression):
            names = {"exported_job": "job"}
            metrics = re.findall(r"\baperture_\w+", expression)
            asked = {names.get(one, one) for one in label.split(", ")}
            assert all(asked <= printed[metric] for metric in metrics), expression


def test_no_two_panels_of_the_dashboard_lie_upon_each_other() -> None:
    places = [
        (panel["gridPos"]["x"] + x, panel["gridPos"]["y"] + y)
        for panel in dashboard()["panels"]
        for x in range(panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["h"])
    ]

    assert len(places) == len(set(places))
    assert max(x for x, _ in places) < 24
