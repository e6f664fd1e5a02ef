"""The JSON document's schema, and the way back from a file to a report, both derived from the report's own classes.

Files may come from anyone (a fork's artifact, a shard of a matrix), so everything in them is checked.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import is_dataclass, replace
from enum import Enum
from functools import cache
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, FailFast, Field, ValidationError, create_model

from gotracer_ci.errors import UsageError
from gotracer_ci.findings import Doc, RuleInfo, rank
from gotracer_ci.report.document import label, members, stored
from gotracer_ci.report.model import Report, Row

MAX_BYTES: Final = 32 << 20
"""A report that is read may be so large."""
_CONFIG: Final = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
# no nanosecond or byte that a trace can hold is larger
_SMALLEST: Final = -(2**63)
_OVER_LARGEST: Final = 2**63
_MOST_ERRORS: Final = 1_000
_PLAIN: Final = frozenset({str, int, float, bool, type(None)})
_TAKEN: Final = frozenset(dir(BaseModel))


def json_schema() -> dict[str, Any]:
    """Return the published JSON Schema of the document."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **model(Report).model_json_schema()}


def read(text: str | bytes, name: str, catalogue: Mapping[str, RuleInfo]) -> Report:
    """Return the report that a document was made from.

    Args:
        name: what the user calls the document.
        catalogue: the rules by name; the document leaves out their documentation.

    Raises:
        UsageError: names the document, the member and what is wrong with it.
    """
    try:
        document = model(Report).model_validate_json(text)
    except ValidationError as error:
        raise UsageError(f"{name}: not a gotracer-ci report: {_first(error)}") from None
    report: Report = build(Report, document)
    if any(finding.trace >= len(report.traces) for finding in report.findings):
        raise UsageError(f"{name}: not a gotracer-ci report: a finding refers to a trace that is not in the report")
    return replace(
        report,
        findings=tuple(sorted(report.findings, key=rank)),
        rules=tuple(_documented(rule, catalogue) for rule in report.rules),
        rules_known=tuple(catalogue.values()),
    )


@cache
def model(kind: type, without: tuple[str, ...] = ()) -> type[BaseModel]:
    """Return what checks the JSON object for a dataclass or a NamedTuple of the report."""
    hints = get_type_hints(kind, include_extras=True)
    checked: dict[str, Any] = {}
    for member in members(kind, without):
        hint = hints[member.name] if member.kind is None else member.kind
        is_taken = member.name in _TAKEN
        checked[f"{member.name}_" if is_taken else member.name] = (
            _checked(hint, member.without),
            Field(alias=member.name if is_taken else None),
        )
    title = f"Partial{kind.__name__}" if without else kind.__name__
    made: type[BaseModel] = create_model(title, __config__=_CONFIG, __doc__=_summary(kind), **checked)
    return made


def build(hint: Any, value: Any) -> Any:
    """Return the value of a type that a checked one stands for."""
    origin, arguments = get_origin(hint), get_args(hint)
    if value is None:
        return None
    if origin is Annotated:
        return build(arguments[0], value)
    if origin in (Union, UnionType):
        return build(_without_none(arguments), value)
    if origin is tuple:
        return tuple([build(arguments[0], item) for item in value])
    if origin is dict:
        items = [build(arguments[1], item) for item in value]
        return {item.key: item for item in items}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint[value.upper()]
    if hint is Row:
        return Row(value)
    if _is_record(hint):
        given = {name: getattr(value, name) for name in stored(hint)}
        return hint(**given | {name: build(of, given[name]) for name, of in _converted(hint).items()})
    return value


def _checked(hint: Any, without: tuple[str, ...] = ()) -> Any:
    """The type of pydantic's that checks a value of a type."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        about = [doc for doc in arguments[1:] if isinstance(doc, Doc)]
        minimum = next((doc.minimum for doc in about if doc.minimum is not None), None)
        pattern = next((doc.pattern for doc in about if doc.pattern), None)
        text = next((doc.text for doc in about if doc.text), None)
        of = _whole(minimum) if arguments[0] is int else _checked(arguments[0], without)
        return Annotated[of, Field(pattern=pattern, description=text)]
    if origin in (Union, UnionType):
        return _checked(_without_none(arguments), without) | None
    if origin in (tuple, dict):
        # the first wrong item is enough: each costs a thousand bytes of memory, and two bytes of the file make one
        items: Any = list
        return Annotated[items[_checked(arguments[-1 if origin is dict else 0], without)], FailFast()]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return Literal[tuple(label(value) for value in hint)]
    if hint is int:
        return _whole(_SMALLEST)
    if hint is Row:
        return dict[str, Any]
    return model(hint, without) if _is_record(hint) else hint


def _whole(minimum: int | None) -> Any:
    return Annotated[int, Field(ge=_SMALLEST if minimum is None else minimum, lt=_OVER_LARGEST)]


def _without_none(arguments: tuple[Any, ...]) -> Any:
    (of,) = (argument for argument in arguments if argument is not type(None))
    return of


@cache
def _converted(kind: Any) -> dict[str, Any]:
    """The types of the fields that `build` converts: all but strings, numbers and booleans."""
    hints = get_type_hints(kind)
    return {name: hints[name] for name in stored(kind) if not _PLAIN.issuperset(get_args(hints[name]) or [hints[name]])}


def _is_record(hint: Any) -> bool:
    return is_dataclass(hint) or hasattr(hint, "_fields")


def _summary(kind: type) -> str:
    """The first paragraph of the class's documentation, on one line."""
    return " ".join((inspect.getdoc(kind) or "").partition("\n\n")[0].split())


def _first(error: ValidationError) -> str:
    """The first problem. pydantic makes a list of all of them, and an object may have millions of unknown members."""
    if error.error_count() > _MOST_ERRORS:
        return f"{error.error_count():,} members do not match the schema"
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in first['loc']) or 'document'}: {first['msg']}"


def _documented(rule: RuleInfo, catalogue: Mapping[str, RuleInfo]) -> RuleInfo:
    known = catalogue.get(rule.name)
    return replace(rule, sections=known.sections) if known else rule
