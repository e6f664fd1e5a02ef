"""The views of a database: the questions that people ask most."""

from __future__ import annotations

from typing import Final, NamedTuple


class View(NamedTuple):
    """One view. about: what a row is. sql: the query."""

    name: str
    about: str
    sql: str


VIEWS: Final = (
    View(
        "goroutines_by_name",
        "The goroutines that began in one function: how many, and how long they were in each state.",
        """
SELECT trace_id, name, count(*) AS lives, sum(NOT before_start) AS created, sum(still_open) AS alive,
       sum(running_ns) AS running_ns, sum(runnable_ns) AS runnable_ns, sum(waiting_ns) AS waiting_ns,
       sum(syscall_ns) AS syscall_ns, sum(syscall_blocked_ns) AS syscall_blocked_ns,
       max(duration_ns) AS max_ns
FROM goroutine GROUP BY trace_id, name
""",
    ),
    View(
        "goroutines_by_creation",
        "The goroutines that one place created: how many, and how many were still there at the end.",
        """
SELECT g.trace_id, s.place, g.name, count(*) AS lives, sum(NOT g.before_start) AS created,
       sum(g.still_open) AS alive, sum(g.running_ns) AS running_ns, sum(g.waiting_ns) AS waiting_ns,
       max(g.duration_ns) AS max_ns
FROM goroutine g LEFT JOIN stack s ON s.id = g.creation_stack_id
WHERE NOT g.system GROUP BY g.trace_id, s.place, g.name
""",
    ),
    View(
        "waits_by_place",
        "The waits at one place for one reason, without those of the runtime's own goroutines.",
        """
SELECT w.trace_id, s.place, w.reason, sum(w.waits) AS waits, sum(w.total_ns) AS total_ns, max(w.max_ns) AS max_ns
FROM wake w LEFT JOIN stack s ON s.id = w.waiter_stack_id
WHERE s.system IS NOT 1 GROUP BY w.trace_id, s.place, w.reason
""",
    ),
    View(
        "wakes_by_place",
        "The waits at one place that one other place, a timer or the network poller ended.",
        """
SELECT w.trace_id, s.place, w.reason, w.waker, k.place AS waker_place, sum(w.waits) AS waits,
       sum(w.total_ns) AS total_ns, max(w.max_ns) AS max_ns
FROM wake w LEFT JOIN stack s ON s.id = w.waiter_stack_id LEFT JOIN stack k ON k.id = w.waker_stack_id
WHERE w.waker IS NOT NULL AND s.system IS NOT 1 GROUP BY w.trace_id, s.place, w.reason, w.waker, k.place
""",
    ),
    View(
        "syscalls_by_place",
        "The system calls at one place: the time with and without a P.",
        """
SELECT i.trace_id, s.place, sum(i.state = 'syscall') AS calls, sum(i.duration_ns) AS total_ns,
       sum(i.duration_ns * (i.state = 'syscall_blocked')) AS blocked_ns, max(i.duration_ns) AS max_ns
FROM interval i LEFT JOIN stack s ON s.id = i.stack_id
WHERE i.state IN ('syscall', 'syscall_blocked') GROUP BY i.trace_id, s.place
""",
    ),
    View(
        "runnable_by_name",
        "How long goroutines of one function had to wait for a P, by why they were runnable.",
        """
SELECT i.trace_id, g.name, i.reason, count(*) AS times, sum(i.duration_ns) AS total_ns, max(i.duration_ns) AS max_ns
FROM interval i JOIN goroutine g ON g.id = i.goroutine_id
WHERE i.state = 'runnable' GROUP BY i.trace_id, g.name, i.reason
""",
    ),
    View(
        "cpu_by_place",
        "The CPU samples at one place.",
        """
SELECT c.trace_id, s.place, count(*) AS samples
FROM cpu_sample c LEFT JOIN stack s ON s.id = c.stack_id GROUP BY c.trace_id, s.place
""",
    ),
    View(
        "tasks_by_type",
        "The tasks of one type. Lengths are those of complete tasks.",
        """
SELECT trace_id, type, count(*) AS tasks, sum(still_open OR before_start) AS incomplete,
       sum(duration_ns) FILTER (WHERE NOT still_open AND NOT before_start) AS total_ns,
       max(duration_ns) FILTER (WHERE NOT still_open AND NOT before_start) AS max_ns
FROM task GROUP BY trace_id, type
""",
    ),
    View(
        "regions_by_place",
        "The regions of one type that began at one place.",
        """
SELECT r.trace_id, r.type, s.place, count(*) AS regions, sum(r.still_open) AS open, sum(r.duration_ns) AS total_ns,
       max(r.duration_ns) AS max_ns
FROM region r LEFT JOIN stack s ON s.id = r.stack_id GROUP BY r.trace_id, r.type, s.place
""",
    ),
    View(
        "stack_text",
        "Each stack as one text, leaf first: function (file:line) on lines of their own.",
        """
SELECT trace_id, stack_id, group_concat(line, char(10)) AS text FROM (
  SELECT f.trace_id, p.stack_id, f.function || ' (' || f.file || ':' || f.line || ')' AS line
  FROM stack_frame p JOIN frame f ON f.id = p.frame_id ORDER BY p.stack_id, p.depth
) GROUP BY trace_id, stack_id
""",
    ),
)
"""All views. Parquet files do not have them."""
