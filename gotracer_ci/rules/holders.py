"""What a finding says about the holders of a lock, from the facts about the wait."""

from __future__ import annotations

from gotracer_ci.analysis.holders import Activity, Holding
from gotracer_ci.analysis.stacks import Stack
from gotracer_ci.findings import Activity as Shown
from gotracer_ci.findings import Frame, Holders
from gotracer_ci.rules.sync_waits import primitive


def holders(holding: Holding) -> Holders:
    return Holders(
        holding.wait_ns,
        holding.explained_ns,
        holding.locked,
        holding.goroutines,
        holding.goroutine,
        tuple(_shown(activity) for activity in holding.activities),
    )


def _shown(activity: Activity) -> Shown:
    doing = activity.doing
    if doing == "sync":
        doing = primitive(activity.stack.functions) or doing
    return Shown(doing, activity.ns, _frame(activity.stack), _frame(activity.behind))


def _frame(stack: Stack) -> Frame | None:
    shown = stack.primary or stack.own
    return Frame(shown.function, shown.file, shown.line, shown.owner, shown.path) if shown else None
