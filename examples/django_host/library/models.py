"""The models of the library."""

from __future__ import annotations

from django.db import models


class Loan(models.Model):  # type: ignore[misc]  # Django has no types of its own
    """A book that a reader has."""

    book = models.CharField(max_length=200)
    reader = models.CharField(max_length=200)
    days_left = models.IntegerField(default=21)
    reminded = models.BooleanField(default=False)
