"""Circles among things that point at each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

__all__ = ["circles"]


def circles(links: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, ...]]:
    """Yield a circle of each knot: of each set of names from which all others of the set can be reached.

    A circle begins and ends with the same name, the knot's first in the order of *links*, and is one of the
    shortest through it. Takes time in proportion to names and links, whatever their shape.

    >>> list(circles({"a": ["b"], "b": ["c", "a"], "c": ["c"]}))
    [('a', 'b', 'a'), ('c', 'c')]
    """
    order = {name: place for place, name in enumerate(links)}
    found = []
    for knot in _knots(links):
        first = min(knot, key=order.__getitem__)
        if len(knot) > 1 or first in links[first]:
            found.append((order[first], _shortest(first, knot, links)))
    for _, circle in sorted(found):
        yield circle


def _knots(links: Mapping[str, Sequence[str]]) -> Iterator[set[str]]:
    """Yield the strongly connected sets (Tarjan's way, without recursion)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    on_path: set[str] = set()
    path: list[str] = []
    for root in links:
        if root in index:
            continue
        work = [(root, iter(links[root]))]
        index[root] = low[root] = len(index)
        path.append(root)
        on_path.add(root)
        while work:
            name, targets = work[-1]
            for target in targets:
                if target not in links:
                    continue
                if target not in index:
                    index[target] = low[target] = len(index)
                    path.append(target)
                    on_path.add(target)
                    work.append((target, iter(links[target])))
                    break
                if target in on_path:
                    low[name] = min(low[name], index[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[name])
                if low[name] == index[name]:
                    knot = set()
                    while name not in knot:
                        knot.add(path.pop())
                    on_path -= knot
                    yield knot


def _shortest(first: str, knot: set[str], links: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return a shortest way from *first* back to itself within *knot*."""
    came_from: dict[str, str] = {}
    edge = [first]
    while first not in came_from:
        following = []
        for name in edge:
            for target in links.get(name, ()):
                if target in knot and target not in came_from:
                    came_from[target] = name
                    following.append(target)
        edge = following
    circle = [first]
    while len(circle) == 1 or circle[-1] != first:
        circle.append(came_from[circle[-1]])
    return tuple(reversed(circle))
