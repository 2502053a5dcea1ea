"""One secret in each form in which programs write it, and a host that tells all of them wherever it can."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote

__all__ = ["HOOKS", "SECRET", "leaks"]

SECRET = 'Zx9"Qw<Er&Ty/Ui'


def _forms(secret: str) -> dict[str, str]:
    percent = quote(secret, safe="")
    once = base64.b64encode(secret.encode()).decode()
    return {
        "plain": secret,
        "percent": percent,
        "percent, lower case": percent.replace("%3C", "%3c").replace("%2F", "%2f"),
        "html": html.escape(secret),
        "json": json.dumps(secret)[1:-1],
        "repr": repr(secret)[1:-1],
        "hex": secret.encode().hex(),
        "base64": once.rstrip("=")[:-1],
        "base64 twice": base64.b64encode(once.encode()).decode()[:-6],
    }


_FORMS = _forms(SECRET)

HOOKS = """
import base64, html, json, os
from urllib.parse import quote
from aperture_plugin import Job, hookimpl

def forms():
    it = os.environ["SERVICE"]
    percent = quote(it, safe="")
    lower = percent.replace("%3C", "%3c").replace("%2F", "%2f")
    once = base64.b64encode(it.encode()).decode()
    return [it, percent, lower, html.escape(it), json.dumps(it)[1:-1], repr(it)[1:-1], it.encode().hex(),
            once, base64.b64encode(once.encode()).decode()]

def says(run):
    for form in forms():
        run.log.info("it is %s.", form)
    return {"forms": forms(), "params": run.params}

def raises(run):
    raise ValueError("refused: " + " ".join(forms()))

@hookimpl
def aperture_jobs():
    yield Job("says", says, params={"token": ""})
    yield Job("raises", raises)
    yield Job("counts", lambda run: None, params={"keep": 7})
    yield Job("held", lambda run: None)

@hookimpl
def aperture_ready(job):
    return ["401 for " + " ".join(forms())] if job.name == "held" else None

@hookimpl
def aperture_run_changed(run):
    if run.status == "completed":
        raise RuntimeError("observer of " + " ".join(forms()))

@hookimpl
def aperture_lint(config):
    yield config.problem("host-lint", message="found " + forms()[0], hint="not " + forms()[0])
"""


def leaks(text: str) -> list[str]:
    """Return the forms of the secret that *text* has."""
    return [name for name, form in _FORMS.items() if form in text]
