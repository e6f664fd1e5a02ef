"""Go's names for kinds of events, as the oracle prints them."""

from __future__ import annotations

from gotracer_ci.trace.spec import Ev

KINDS: dict[Ev, str] = {
    Ev.CPU_SAMPLE: "StackSample",
    Ev.PROCS_CHANGE: "Metric",
    Ev.HEAP_ALLOC: "Metric",
    Ev.HEAP_GOAL: "Metric",
    Ev.STW_BEGIN: "RangeBegin",
    Ev.STW_END: "RangeEnd",
    Ev.GC_ACTIVE: "RangeActive",
    Ev.GC_BEGIN: "RangeBegin",
    Ev.GC_END: "RangeEnd",
    Ev.GC_SWEEP_ACTIVE: "RangeActive",
    Ev.GC_SWEEP_BEGIN: "RangeBegin",
    Ev.GC_SWEEP_END: "RangeEnd",
    Ev.GC_MARK_ASSIST_ACTIVE: "RangeActive",
    Ev.GC_MARK_ASSIST_BEGIN: "RangeBegin",
    Ev.GC_MARK_ASSIST_END: "RangeEnd",
    Ev.GO_LABEL: "Label",
    Ev.USER_TASK_BEGIN: "TaskBegin",
    Ev.USER_TASK_END: "TaskEnd",
    Ev.USER_REGION_BEGIN: "RegionBegin",
    Ev.USER_REGION_END: "RegionEnd",
    Ev.USER_LOG: "Log",
    Ev.SYNC: "Sync",
}


def kind(event: Ev) -> str:
    """Return the kind of an event. Those of the experiment are "Experimental"."""
    if event in KINDS:
        return KINDS[event]
    return "Experimental" if event >= Ev.SPAN else "StateTransition"
