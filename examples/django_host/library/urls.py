"""The views of the project."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth import authenticate
from django.contrib.auth import login as log_in
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, HttpResponseRedirect, JsonResponse
from django.middleware.csrf import get_token
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from .jobs import aperture
from .models import Loan

FORM = """<!doctype html><title>Log in</title>
<form method="post"><input type="hidden" name="csrfmiddlewaretoken" value="{token}">
<label>Name <input name="name"></label>
<label>Password <input name="password" type="password"></label> <button>Log in</button></form>"""


@csrf_exempt  # type: ignore[untyped-decorator]
def loans(request: HttpRequest) -> Any:
    """Return all loans, or add one."""
    if request.method == "POST":
        said = json.loads(request.body)
        Loan.objects.create(book=said["book"], reader=said["reader"], days_left=said.get("days", 21))
    return JsonResponse({"loans": list(Loan.objects.values("book", "reader", "days_left", "reminded"))})


@csrf_exempt  # type: ignore[untyped-decorator]
def run(_request: HttpRequest, job: str) -> Any:
    """Run a job now."""
    try:
        return JsonResponse({"id": aperture.run(job).id}, status=202)
    except KeyError:
        return HttpResponseNotFound()


def status(_request: HttpRequest) -> Any:
    """Return what `aperture status --format json` prints."""
    return JsonResponse(aperture.status())


def login(request: HttpRequest) -> Any:
    """Take the name and the password of a Django user, and lead on to the jobs page."""
    said = request.POST
    user = authenticate(request, username=said.get("name"), password=said.get("password")) if said else None
    if user is None:
        return HttpResponse(FORM.format(token=get_token(request)), status=401 if said else 200)
    log_in(request, user)
    return HttpResponseRedirect("/admin/jobs/")


urlpatterns = [path("loans", loans), path("jobs/<job>/run", run), path("status", status), path("login", login)]
