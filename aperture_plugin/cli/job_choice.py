"""The jobs that `pause`, `resume` and `cancel` act on: one by name, all of them, or those of a category."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import click

from aperture_plugin.app.store_commands import known_jobs, running_loops
from aperture_plugin.cli import file_session
from aperture_plugin.cli.exit_codes import CommandRefused, WrongUsage
from aperture_plugin.cli.name_completion import complete_jobs
from aperture_plugin.config.model import Config
from aperture_plugin.ports import Store
from aperture_plugin.words.did_you_mean import nearest
from aperture_plugin.words.numbers import counted
from aperture_plugin.words.parse_error import quoted

__all__ = ["JobChoice", "choice", "in_place_of_job", "names_text"]

F = TypeVar("F", bound=Callable[..., Any])

_MOST_NAMES: Final = 5


@dataclass(frozen=True, slots=True)
class JobChoice:
    """The jobs that a person named.

    Attributes:
        named: The JOB; None with `--all` or `--category`.
        category: The category; None for all jobs.
    """

    named: str | None
    category: str | None

    @property
    def words(self) -> str:
        """The words that choose the same jobs again on a command line."""
        if self.named is not None:
            return self.named
        return "--all" if self.category is None else shlex.join(["--category", self.category])

    @classmethod
    def of(cls, named: str | None, every: bool, category: str | None) -> JobChoice:
        """Return the choice; exits with 2 unless exactly one of the three is given."""
        given = [named is not None, every, category is not None]
        if sum(given) != 1:
            found = "got none of them" if not any(given) else "got more than one of them"
            raise WrongUsage(f"expected JOB, --all or --category NAME; {found}", hint="aperture status lists the jobs")
        return cls(named, category)

    def jobs(self, config: Config | None, store: Store, *, beside: Iterable[str] = ()) -> list[str]:
        """Return the names of all jobs meant, where no job is named.

        Exits with 2, and with the nearest name, where no job has the category; with 1 where no job is known at all.

        Args:
            beside: Jobs that are meant by `--all` even if the file does not list them.
        """
        if self.category is None:
            listed = list(config.jobs) if config is not None else sorted(known_jobs(store))
            found = list(dict.fromkeys([*listed, *beside]))
            if not found:
                hint = "the file lists none, and nothing has run on this store"
                raise CommandRefused("there is no job yet", hint=hint)
            return found
        categories = _categories(config, store)
        found = [job for job, category in categories.items() if category == self.category]
        if not found:
            raise _no_such(self.category, set(categories.values()))
        return found


def in_place_of_job(command: F) -> F:
    """Give *command* the options that stand in place of JOB: `every` and `category`."""
    by_category = click.option("--category", metavar="NAME", help="All jobs of this category, in place of JOB.")
    every = click.option("--all", "every", is_flag=True, help="All jobs, in place of JOB.")
    return every(by_category(command))


def choice(command: F) -> F:
    """Give *command* the argument `job`, and the options that stand in its place."""
    named = click.argument("job", metavar="[JOB]", required=False, shell_complete=complete_jobs)
    return named(in_place_of_job(command))


def names_text(jobs: Collection[str]) -> str:
    """Return how many jobs there are, with the first of their names.

    >>> names_text(["scan", "build"])
    '2 jobs (scan, build)'
    """
    names = list(jobs)
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"{counted(len(names), 'job')} ({', '.join(names[:_MOST_NAMES])}{more})"


def _categories(config: Config | None, store: Store) -> dict[str, str]:
    """Return the category of each job that has one: from the file, else as the plugins of the running loops say."""
    found: dict[str, str] = {}
    for loop in running_loops(store, now=file_session.now()):
        found.update(loop.details.get("categories", {}))
    if config is not None:
        found.update({name: job.category for name, job in config.jobs.items() if job.category})
    return found


def _no_such(category: str, known: Collection[str]) -> WrongUsage:
    near = nearest(category, sorted(known))
    if near is not None:
        hint = f'did you mean "{near}"?'
    elif known:
        hint = f"the categories are {', '.join(sorted(known))}"
    else:
        hint = "no job has a category in the file; those that plugins give are known while a loop runs"
    return WrongUsage(f"no job has the category {quoted(category)}", hint=hint)
