"""The views of the project."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponseNotFound, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from .jobs import aperture
from .models import Loan


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


urlpatterns = [path("loans", loans), path("jobs/<job>/run", run), path("status", status)]
