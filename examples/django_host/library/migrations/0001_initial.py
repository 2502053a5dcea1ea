"""The table of loans."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):  # type: ignore[misc]  # Django has no types of its own
    initial = True
    dependencies: list[tuple[str, str]] = []
    operations = [
        migrations.CreateModel(
            name="Loan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("book", models.CharField(max_length=200)),
                ("reader", models.CharField(max_length=200)),
                ("days_left", models.IntegerField(default=21)),
                ("reminded", models.BooleanField(default=False)),
            ],
        ),
    ]
