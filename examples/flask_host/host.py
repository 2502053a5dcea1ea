"""A Flask application that keeps a list of loans, and jobs that look after it.

Jobs and requests use the connection of the application context. The plugin puts such a context around every run, so
that a handler is written like a view. The jobs page is mounted below /admin/jobs, behind the application's own login.
"""

from __future__ import annotations

import os
import secrets
import signal
import sqlite3
from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from a2wsgi import ASGIMiddleware
from flask import Flask, Response, abort, current_app, g, jsonify, redirect, request, session
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import make_server
from werkzeug.wrappers import Response as Answer

from aperture_plugin import Aperture, Job, LiveRun, Outcome, hookimpl, run_json, web

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["Loans", "create_app", "main"]

HERE = Path(__file__).parent

PEOPLE: Final = {"ada": "lovelace", "bob": "hope"}
"""Names and passwords. A real application asks a database, which keeps no password as it is typed."""

RIGHTS: Final = {"ada": {"read", "operate", "edit"}, "bob": {"read"}}

FORM: Final = """<!doctype html><title>Log in</title>
<form method="post"><label>Name <input name="name"></label>
<label>Password <input name="password" type="password"></label> <button>Log in</button></form>"""


def database() -> sqlite3.Connection:
    """Return the connection of this application context: of a request, or of a run."""
    if "database" not in g:
        g.database = sqlite3.connect(current_app.config["DATABASE"])
        g.database.execute("CREATE TABLE IF NOT EXISTS loans (book, reader, days_left INTEGER, reminded DEFAULT 0)")
    connection: sqlite3.Connection = g.database
    return connection


class Loans:
    """The host's plugin."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    @hookimpl
    def aperture_jobs(self) -> Iterator[Job]:
        """Offer the jobs; schedules.yaml says when they run."""
        yield Job("remind", self.remind, title="Remind", description="Marks the loans whose reader is reminded.")
        yield Job("new-day", self.new_day, title="New day", description="Counts the days that are left.")

    @hookimpl(wrapper=True)
    def aperture_run_job(self) -> Generator[None, Outcome, Outcome]:
        """Put an application context around every run; at its end the connection is closed."""
        with self.app.app_context():
            return (yield)

    def remind(self, run: LiveRun) -> dict[str, int]:
        """Mark every loan that ends within a few days."""
        days = int(run.params.get("days before", 3))
        due = database().execute("SELECT rowid, book, reader FROM loans WHERE days_left <= ? AND NOT reminded", [days])
        rows = due.fetchall()
        for row, book, reader in run.track(rows):
            run.log.info("%s is to bring %s back", reader, book)
            database().execute("UPDATE loans SET reminded = 1 WHERE rowid = ?", [row])
        database().commit()
        return {"reminded": len(rows)}

    def new_day(self) -> None:
        """Take a day off every loan."""
        database().execute("UPDATE loans SET days_left = days_left - 1")
        database().commit()


def mount_page(app: Flask, aperture: Aperture) -> None:
    """Put the jobs page below /admin/jobs; the session of *app* says who asks."""

    def rights_of(asked: Request) -> web.Visitor:
        with app.request_context(asked.scope["wsgi_environ"]):
            name: str = session.get("user", "")
        return web.Visitor(rights=RIGHTS.get(name, ()), name=name or None)

    page: Any = ASGIMiddleware(web.app(aperture, authorize=rights_of))  # type: ignore[arg-type]  # its own ASGI types
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/admin/jobs": page})  # type: ignore[method-assign]


def create_app(database_file: str | Path = HERE / "loans.db") -> tuple[Flask, Aperture]:
    """Return the application and its scheduler, which is not started yet."""
    app = Flask(__name__)
    app.config.update(DATABASE=str(database_file), SECRET_KEY=secrets.token_hex(32), SESSION_COOKIE_SAMESITE="Strict")
    aperture = Aperture(HERE / "schedules.yaml", plugins=[Loans(app)])

    @app.teardown_appcontext
    def close(_error: BaseException | None) -> None:
        if "database" in g:
            g.database.close()

    @app.get("/loans")
    def loans() -> Response:
        rows = database().execute("SELECT book, reader, days_left, reminded FROM loans")
        return jsonify([dict(zip(("book", "reader", "days_left", "reminded"), row, strict=True)) for row in rows])

    @app.post("/loans")
    def lend() -> tuple[Response, int]:
        said = request.get_json()
        values = (said["book"], said["reader"], said.get("days", 21))
        database().execute("INSERT INTO loans (book, reader, days_left) VALUES (?, ?, ?)", values)
        database().commit()
        return jsonify(said), 201

    @app.post("/jobs/<job>/run")
    def run(job: str) -> tuple[Response, int]:
        try:
            return jsonify(id=aperture.run(job).id), 202
        except KeyError:
            abort(404)

    @app.get("/runs")
    def runs() -> Response:
        return jsonify([run_json(run, aperture.config.zone) for run in aperture.history()])

    @app.route("/login", methods=["GET", "POST"])
    def login() -> Answer | tuple[str, int]:
        if request.method == "GET":
            return FORM, 200
        name, password = request.form.get("name", ""), request.form.get("password", "")
        if not secrets.compare_digest(PEOPLE.get(name, "").encode() or b"\0", password.encode()):
            return FORM, 401
        session["user"] = name
        return redirect("/admin/jobs/", 303)

    mount_page(app, aperture)
    return app, aperture


def main() -> None:
    """Serve on $PORT, or 8000, until Ctrl-C or SIGTERM."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    app, aperture = create_app()
    server = make_server("127.0.0.1", int(os.environ.get("PORT", "8000")), app, threaded=True)
    with suppress(KeyboardInterrupt), aperture:
        print(f"serving on http://127.0.0.1:{server.server_port}/loans", flush=True)
        server.serve_forever()
    print("stopped", flush=True)


if __name__ == "__main__":
    main()
