"""A host with several web workers: gunicorn --config examples/deploy/gunicorn.conf.py myhost.wsgi:application

The loop runs in a process of its own (`aperture start --web`, a unit or container beside this one). The workers
only ask it for runs: `Aperture(…)` without `start()` reads and writes the store, and fires nothing. Each worker
opens the store after the fork, never before: connections and threads do not survive one.
"""

bind = "127.0.0.1:8000"
workers = 4
preload_app = False
graceful_timeout = 30
