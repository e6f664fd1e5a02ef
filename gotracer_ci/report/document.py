"""The report as a JSON document: the fields of its values, and members that are computed from them.

A field added to `Report`, or to a value in it, is in the document, in its schema (`schema.py`) and in what is read back
without any other edit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Annotated, Any, Final, Literal, NamedTuple

from gotracer_ci.baseline.verdicts import Verdict
from gotracer_ci.findings import Doc, Finding
from gotracer_ci.report import view
from gotracer_ci.report.model import Report, Row
from gotracer_ci.report.reproduce import more

SCHEMA_ID: Final = "gotracer-ci/report/v1"
OF_FINDING: Final = ("fingerprint", "key")
"""The members that the verdict on a finding leaves out, because the finding has them."""
_PLAIN: Final = frozenset({str, int, float, bool, type(None)})


class Member(NamedTuple):
    """A member of a JSON object.

    kind: its type as in an annotation; None if it is that of the field. value: computes it from the report and the
    object; None for a field. without: the members that its own value leaves out.
    """

    name: str
    kind: Any = None
    value: Callable[[Report, Any], Any] | None = None
    without: tuple[str, ...] = ()


# type → the field that the member precedes (or replaces, if they share the name), and the member
_COMPUTED: Final[dict[type, tuple[tuple[str, Member], ...]]] = {
    Report: (
        ("version", Member("schema", Literal["gotracer-ci/report/v1"], lambda report, _: SCHEMA_ID)),
        ("fail_on", Member("conclusion", view.Outcome, lambda report, _: view.outcome(report))),
        ("fail_on", Member("summary", view.Summary, lambda report, _: view.summarise(report))),
        ("findings", Member("findings", None, lambda report, _: view.arrange(report).all)),
    ),
    Finding: (
        ("key", Member("fingerprint", Annotated[str, Doc(pattern="^[0-9a-f]{16}$")], lambda _, f: f.fingerprint)),
        (
            "more",
            Member(
                "command",
                Annotated[str, Doc("Shows more, run in the report's root; empty if nothing does.")],
                more,
            ),
        ),
        ("message", Member("verdict", Verdict | None, lambda report, f: report.verdict(f), OF_FINDING)),
    ),
    Verdict: (
        ("key", Member("fingerprint", str, lambda _, verdict: verdict.key.fingerprint)),
        (
            "limit",
            Member(
                "ratio",
                Annotated[float | None, Doc("The median of now over before; null without one.")],
                lambda _, verdict: verdict.ratio,
            ),
        ),
    ),
}


def values(report: Report, value: Any, without: tuple[str, ...] = ()) -> Any:
    """Return a value of the report as dicts, lists, strings and numbers, in the document's order.

    Args:
        without: the members to leave out of an object.
    """
    kind: Any = type(value)
    if kind in _PLAIN:
        return value
    if kind is tuple:
        return [values(report, item) for item in value]
    if kind is Row:
        return dict(value)
    if kind is dict:
        return [values(report, item) for _, item in sorted(value.items())]
    if isinstance(value, Enum):
        return label(value)
    made = {}
    for name, _, compute, left_out in members(kind, without):
        item = getattr(value, name) if compute is None else compute(report, value)
        made[name] = item if type(item) in _PLAIN else values(report, item, left_out)
    return made


@cache
def members(kind: type, without: tuple[str, ...] = ()) -> tuple[Member, ...]:
    """Return the members that the document has of a dataclass or a NamedTuple, in its order."""
    found = []
    for name in stored(kind):
        computed = [member for before, member in _COMPUTED.get(kind, ()) if before == name]
        is_replaced = any(member.name == name for member in computed)
        found += computed if is_replaced else [*computed, Member(name)]
    return tuple(member for member in found if member.name not in without)


@cache
def stored(kind: Any) -> tuple[str, ...]:
    """Return the names of the fields that the document has of a dataclass or a NamedTuple."""
    if is_dataclass(kind):
        return tuple(field.name for field in fields(kind) if not field.metadata.get("left_out"))
    names: tuple[str, ...] = kind._fields
    return names


def label(value: Enum) -> str:
    """Return how the document names a value of an enumeration."""
    return value.name.lower()
