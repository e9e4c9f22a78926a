"""Prints the wings of both apps, drawn from their imports."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

APPS = ("bookings", "procedures")
Arrow = tuple[str, str]


class Command(BaseCommand):
    """`manage.py wing_diagrams`. `docs/architecture.md` has what it prints; a test compares the two."""

    help = "Prints the wings of each app as a Mermaid diagram, from the imports in the code."

    def handle(self, *args: Any, **options: Any) -> None:
        for app in APPS:
            rooms, arrows = wings(Path(settings.BASE_DIR), app)
            self.stdout.write(drawing(app, rooms, arrows))


def wings(root: Path, app: str) -> tuple[set[str], set[Arrow]]:
    """The packages and modules in the folder of an app, and which of them imports which."""
    modules = {name: path for path in (root / app).rglob("*.py") if (name := _name(root, path))}
    rooms = {name.split(".")[1] for name in modules if _has_code(modules[name])} - {"migrations"}
    arrows = {
        (room, other)
        for name, path in modules.items()
        if (room := name.split(".")[1]) in rooms
        for other in _imported(path, app)
        if other in rooms - {room}
    }
    return rooms, arrows


def drawing(app: str, rooms: set[str], arrows: set[Arrow]) -> str:
    """A Mermaid diagram with one line of figures. An arrow that a longer way implies is left out."""
    floors = floor_of(rooms, arrows)
    figures = (
        f"`{app}`: {len(rooms)} rooms on {len(set(floors.values()))} floors, {len(arrows)} arrows, "
        f"{len(circles(rooms, arrows))} circles."
    )
    lines = [figures, "", "```mermaid", "flowchart TD"]
    lines += [f"    {room}" for room in sorted(rooms, key=lambda room: (-floors[room], room))]
    lines += [f"    {one} --> {other}" for one, other in sorted(_without_shortcuts(arrows))]
    return "\n".join([*lines, "```", ""])


def floor_of(rooms: set[str], arrows: set[Arrow]) -> dict[str, int]:
    """How high each room stands: one above the highest that it imports from. 1 is the ground.

    Rooms in a circle have no floor, so count on this only if there is none.
    """
    floors = dict.fromkeys(rooms, 1)
    for _ in rooms:
        for one, other in arrows:
            floors[one] = max(floors[one], min(floors[other] + 1, len(rooms)))
    return floors


def circles(rooms: set[str], arrows: set[Arrow]) -> set[frozenset[str]]:
    """The groups of rooms that import each other, directly or by way of others."""
    below = {room: _reachable(room, arrows) for room in rooms}
    groups = (frozenset(one for one in below[room] if room in below[one]) for room in rooms)
    return {group for group in groups if group}


def _without_shortcuts(arrows: set[Arrow]) -> set[Arrow]:
    return {
        (one, other)
        for one, other in arrows
        if not any(other in _reachable(way, arrows) for start, way in arrows if start == one)
    }


def _reachable(room: str, arrows: set[Arrow]) -> set[str]:
    found: set[str] = set()
    waiting = [room]
    while waiting:
        here = waiting.pop()
        new = {other for one, other in arrows if one == here} - found
        found |= new
        waiting += new
    return found


def _imported(path: Path, app: str) -> Iterator[str]:
    """The rooms of the app that a file imports from."""
    for node in ast.walk(_parsed(path)):
        if isinstance(node, ast.ImportFrom) and node.module:
            first, _, rest = node.module.partition(".")
            if first == app:
                yield from [rest.split(".")[0]] if rest else (name.name for name in node.names)


def _name(root: Path, path: Path) -> str:
    """The dotted name of a module in an app; empty for the package of the app itself."""
    name = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
    return name if "." in name else ""


def _has_code(path: Path) -> bool:
    return bool(_parsed(path).body)


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))
