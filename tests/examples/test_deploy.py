"""The files under examples/deploy, each held to the tool that will read it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from aperture_plugin import Aperture
from tests.examples.conftest import BIN, REPOSITORY

DEPLOY = REPOSITORY / "examples" / "deploy"


def tool(name: str) -> str:
    """Return the path of a program that Debian ships; skip where this machine lacks it."""
    found = shutil.which(name, path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def checked(words: Sequence[str | Path]) -> str:
    """Run a checker, assert that it is content, and return all that it printed."""
    ran = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


def documents() -> dict[str, Any]:
    """Return the objects of kubernetes.yaml by their kind."""
    text = (DEPLOY / "kubernetes.yaml").read_text(encoding="utf-8")
    return {one["kind"]: one for one in yaml.safe_load_all(text)}


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "aperture.service"
    text = (DEPLOY / "aperture.service").read_text(encoding="utf-8")
    unit.write_text(text.replace("/opt/media/.venv/bin/aperture", str(BIN / "aperture")), encoding="utf-8")

    printed = checked([tool("systemd-analyze"), "verify", "--man=no", unit])

    assert [line for line in printed.splitlines() if "aperture.service" in line] == []


def test_the_unit_waits_longer_than_the_grace_before_it_kills() -> None:
    text = (DEPLOY / "aperture.service").read_text(encoding="utf-8")
    [grace] = re.findall(r"--grace (\d+)", text)
    [stop] = re.findall(r"^TimeoutStopSec=(\d+)$", text, re.MULTILINE)

    assert int(stop) >= int(grace) + 10


def test_compose_accepts_the_compose_file() -> None:
    checked([BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yaml"])


def test_the_dockerfile_runs_the_command_as_a_user_without_rights() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")

    assert re.findall(r"^USER (.+)$", text, re.MULTILINE) == ["10001:10001"]
    assert "HEALTHCHECK" in text
    assert '"tini", "--", "aperture"' in text


def test_kubernetes_probes_ask_the_right_paths_and_wait_for_the_grace() -> None:
    pod = documents()["Deployment"]["spec"]["template"]["spec"]
    [container] = pod["containers"]

    assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "web"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "web"}
    assert pod["terminationGracePeriodSeconds"] >= int(container["args"][-1]) + 10
    assert all("subPath" not in mount for mount in container["volumeMounts"])


def test_the_schedules_of_the_config_map_are_valid(tmp_path: Path) -> None:
    file = tmp_path / "schedules.yaml"
    file.write_text(documents()["ConfigMap"]["data"]["schedules.yaml"], encoding="utf-8")

    with Aperture(file, entry_points=False, environ={"APERTURE_DATABASE": f"sqlite:///{tmp_path}/a.db"}) as aperture:
        assert aperture.config.jobs.keys() == {"report"}


def test_nginx_accepts_the_snippet(tmp_path: Path) -> None:
    snippet = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    whole = tmp_path / "nginx.conf"
    whole.write_text(
        f"pid {tmp_path}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\n"
        + "".join(
            f"{kind}_temp_path {tmp_path}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        + f"server {{\nlisten 127.0.0.1:18080;\n{snippet}\n}}\n}}\n",
        encoding="utf-8",
    )

    checked([tool("nginx"), "-t", "-c", whole])


def test_caddy_accepts_the_snippet() -> None:
    checked([tool("caddy"), "adapt", "--adapter", "caddyfile", "--validate", "--config", DEPLOY / "Caddyfile"])


def test_gunicorn_forks_before_a_store_is_opened() -> None:
    settings: dict[str, object] = {}
    exec(compile((DEPLOY / "gunicorn.conf.py").read_text(encoding="utf-8"), "gunicorn.conf.py", "exec"), settings)

    assert settings["preload_app"] is False
