"""The Celery app with the settings that the promises need, and the one message that the loop sends.

A message names an attempt. It carries no ETA, asks for no result, and is JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final

from celery import Celery

from aperture_plugin.executors.publisher import Publish
from aperture_plugin.rules.runs import AttemptKey
from aperture_plugin.words.errors import ApertureError

__all__ = ["DEFAULT_QUEUE", "TASK", "AppNotFound", "Celery", "app_at", "app_for", "queue_names", "sender"]

TASK: Final = "aperture.attempt"
DEFAULT_QUEUE: Final = "aperture"
"""The Celery queue of an app of our own, for queues that `celery queues` does not name."""

_SETTINGS: Final[Mapping[str, Any]] = {
    "task_default_queue": DEFAULT_QUEUE,
    "task_ignore_result": True,
    "task_serializer": "json",
    "accept_content": ["json"],
    "result_backend": None,
    # Acknowledged before it begins: the store has which worker has the attempt, and what follows if that worker dies.
    "task_acks_late": False,
    "task_reject_on_worker_lost": False,
    "worker_prefetch_multiplier": 1,
    "worker_hijack_root_logger": False,
    "worker_send_task_events": False,
    "worker_enable_remote_control": False,
    # Time that Celery waits for the last message of a pool process that died.
    "worker_lost_wait": 1.0,
    "broker_connection_timeout": 4.0,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "task_publish_retry": False,
    "enable_utc": True,
}


class AppNotFound(ApertureError):
    """`celery app` names nothing that is a Celery app."""


def app_for(broker: str) -> Celery:
    """Return a Celery app of our own on *broker* (`redis://…` or `amqp://…`)."""
    app = Celery("aperture", broker=broker, set_as_current=False)
    app.conf.update(_SETTINGS)
    if broker.startswith(("redis://", "rediss://", "sentinel://")):
        app.conf.broker_transport_options = {
            "socket_connect_timeout": 4.0,
            "socket_timeout": 10.0,
            "health_check_interval": 10,
            # No message is delayed, and none is acknowledged late: nothing is given to a second worker by the clock.
            "visibility_timeout": 24 * 3600,
        }
    return app


def app_at(name: str) -> Celery:
    """Return the host's own app, named `package.module:app`.

    Raises:
        AppNotFound: There is no such app; the message explains it.
    """
    module_name, _, attribute = name.partition(":")
    try:
        module = import_module(module_name)
    except ImportError as error:
        raise AppNotFound(f'the module of celery app "{name}" cannot be imported: {error}') from error
    app = getattr(module, attribute or "app", None)
    if not isinstance(app, Celery):
        raise AppNotFound(f'"{attribute or "app"}" in {module_name} is no Celery app, but {type(app).__name__}')
    return app


def queue_names(app: Celery, queues: Mapping[str, str], names: Mapping[str, Any]) -> list[str]:
    """Return the Celery queues that attempts of the file's queues *names* travel through, each once.

    Args:
        queues: The file's `celery queues`.
    """
    default = str(app.conf.task_default_queue)
    return list(dict.fromkeys([queues.get(name, default) for name in names] or [default]))


def sender(app: Celery, queues: Callable[[], Mapping[str, str]]) -> Publish:
    """Return what sends the message of an attempt.

    Args:
        queues: Returns `celery queues` of the file in force.
    """

    def publish(key: AttemptKey, queue: str) -> None:
        named = queues().get(queue, str(app.conf.task_default_queue))
        app.send_task(TASK, args=list(key), queue=named, ignore_result=True, serializer="json", retry=False)

    return publish
