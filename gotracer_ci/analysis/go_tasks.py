"""Tasks and logs as `go tool trace` defines them, for `go_summary`."""

from __future__ import annotations

from typing import Any


class GoTask:
    """One task. begin, end: ns on the trace's clock, None if the trace does not have it. name: index of a string.

    parent: a task's ID, None if unknown. goroutines: all that it has an event of. regions: `go_summary.GoRegion`.
    logs: (time, goroutine, category, message), with indices of strings.
    """

    __slots__ = ("begin", "children", "end", "goroutines", "logs", "name", "parent", "regions")

    def __init__(self) -> None:
        self.name = 0
        self.begin: int | None = None
        self.end: int | None = None
        self.parent: int | None = None
        self.children: list[int] = []
        self.goroutines: set[int] = set()
        self.regions: list[Any] = []
        self.logs: list[tuple[int, int, int, int]] = []


class GoTasks:
    """The tasks by ID, whatever event names them; 0 is the background."""

    def __init__(self) -> None:
        self.by_id: dict[int, GoTask] = {}

    def _named(self, id: int) -> GoTask:
        return self.by_id.setdefault(id, GoTask())

    def task(self, id: int, parent: int, name: int, g: int, now: int, *, begins: bool) -> None:
        """A task begins or ends. parent: −1 for none."""
        task = self._named(id)
        task.name = name
        task.goroutines.add(g)
        if begins:
            task.begin = now
        else:
            task.end = now
        if parent != -1 and task.parent is None:
            task.parent = parent
            self._named(parent).children.append(id)

    def region(self, region: Any, g: int) -> None:
        """A region of the task `region.task` begins, or ends without a beginning."""
        task = self._named(region.task)
        task.regions.append(region)
        task.goroutines.add(g)

    def log(self, id: int, g: int, now: int, category: int, message: int) -> None:
        task = self._named(id)
        task.goroutines.add(g)
        task.logs.append((now, g, category, message))
