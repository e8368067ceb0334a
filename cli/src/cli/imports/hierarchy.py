"""Who stands under whom, in the order in which it can be told: parents before children."""

from __future__ import annotations

from collections.abc import Mapping


def levels(parents: Mapping[str, str | None]) -> tuple[list[list[str]], set[str]]:
    """Sort names into levels, each after the level that its parents are in.

    `parents` maps every name to the name that it stands under, or to None. Names
    that stand under themselves, directly or over others, form a circle: they
    come as a level of the first kind (as if without a parent) and are returned as
    the second value. Every parent must itself be a name.
    """
    depths: dict[str, int] = {}
    circle: set[str] = set()
    for name in parents:
        chain: list[str] = []
        above: str | None = name
        while above is not None and above not in depths and above not in chain:
            chain.append(above)
            above = parents[above]
        if above is not None and above in chain:
            start = chain.index(above)
            circle.update(chain[start:])
            depths.update(dict.fromkeys(chain[start:], 0))
            del chain[start:]
        depth = -1 if above is None else depths[above]
        for step in reversed(chain):
            depth += 1
            depths[step] = depth
    sorted_names: list[list[str]] = [[] for _ in range(max(depths.values(), default=-1) + 1)]
    for name in parents:
        sorted_names[depths[name]].append(name)
    return sorted_names, circle
