"""Where each value comes from, as `aperture show` tells it."""

from __future__ import annotations

from collections.abc import Callable

from aperture_plugin.config.layers.provenance import Provenance, ValueOrigin
from aperture_plugin.config.model import Config

Configure = Callable[..., Config]

FILE = """\
timezone: Europe/Riga
preset: medium
queues:
  quick: 2
defaults:
  timeout: 4 hours
  retry:
    attempts: 2
    delay: 5 minutes
presets:
  default:
    schedules:
      scan:
        type: weekly
        day: sunday
        time: 2:00 AM
        queue: quick
  medium:
    extends: default
    schedules:
      scan:
        time: 3:00 AM
schedules:
  scan:
    retry:
      attempts: 3
    params:
      token: key ${TOKEN}
"""


def of(origins: tuple[ValueOrigin, ...], key: str) -> tuple[str, str, int | None]:
    [found] = [origin for origin in origins if origin.key == key]
    return found.text, found.layer, None if found.place is None else found.place.line


def test_each_value_of_a_job_is_told_with_the_layer_and_the_line_it_comes_from(configure: Configure) -> None:
    origins = Provenance(configure(FILE, environ={"TOKEN": "hush"})).job("scan")

    assert of(origins, "type") == ("weekly", "preset default", 14)
    assert of(origins, "day") == ("sunday", "preset default", 15)
    assert of(origins, "time") == ("3:00 AM", "preset medium", 22)
    assert of(origins, "timeout") == ("4 hours", "defaults", 6)
    assert of(origins, "queue") == ("quick", "preset default", 17)
    assert of(origins, "retry: attempts") == ("3", "schedules", 26)
    assert of(origins, "retry: delay") == ("5 minutes", "defaults", 9)
    assert of(origins, "timezone") == ("Europe/Riga", "file", 1)
    assert of(origins, "missed") == ("run once", "built-in", None)


def test_what_a_variable_holds_does_not_show(configure: Configure) -> None:
    origins = Provenance(configure(FILE, environ={"TOKEN": "hush"})).job("scan")

    [token] = [origin for origin in origins if origin.key == "params: token"]
    assert (token.text, token.layer, token.variables) == ("key ${TOKEN}", "environment", ("TOKEN",))
    assert "hush" not in repr(origins)


def test_the_top_of_the_file_is_told_with_what_is_built_in(configure: Configure) -> None:
    origins = Provenance(configure(FILE, environ={"TOKEN": "hush"})).file()

    assert of(origins, "preset") == ("medium", "file", 2)
    assert of(origins, "state") == ("sqlite:///aperture.db", "built-in", None)
    assert of(origins, "queues: default") == ("1", "built-in", None)
    assert of(origins, "queues: quick") == ("2", "file", 4)


def test_a_job_that_the_file_does_not_name_is_manual_and_has_the_defaults(configure: Configure) -> None:
    origins = Provenance(configure(FILE, environ={"TOKEN": "hush"})).job("backup")

    assert of(origins, "schedule") == ("Manual only", "built-in", None)
    assert of(origins, "timeout") == ("4 hours", "defaults", 6)
