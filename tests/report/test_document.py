"""The JSON document, its schema and the parsed report have every field of the report's values."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Annotated, Any, get_args, get_type_hints

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from pydantic import ValidationError

from gotracer_ci.findings import LEFT_OUT, Doc, Natural
from gotracer_ci.report import schema
from gotracer_ci.report.document import stored, values
from gotracer_ci.report.formats import render
from gotracer_ci.report.model import Report, TraceSummary

from . import factory

REPORTS = {"plain": factory.plain_report(), "compared": factory.compared_report()}


@dataclass(frozen=True, slots=True)
class Extended(TraceSummary):
    """A trace with one more field."""

    threads: Annotated[Natural, Doc("OS threads.")] = 0
    names: tuple[str, ...] = ()


def test_a_new_field_needs_no_other_edit() -> None:
    trace = Extended("a.trace", "1.26", 1, 2, 3, 4, threads=5, names=("main",))
    written = values(REPORTS["plain"], trace)
    assert (written["threads"], written["names"]) == (5, ["main"])

    described = schema.model(Extended).model_json_schema()
    assert {"threads", "names"} <= set(described["required"])
    assert described["properties"]["threads"]["description"] == "OS threads."

    assert schema.build(Extended, schema.model(Extended).model_validate(written)) == trace
    for wrong in ({"threads": -1}, {"threads": 2**63}, {"threads": "5"}, {"names": [1]}, {"unknown": 0}):
        with pytest.raises(ValidationError):
            schema.model(Extended).model_validate({**written, **wrong})


def kinds(hint: Any) -> Iterator[type]:
    """Yield the classes of all values in a type, without those that the document leaves out."""
    if is_dataclass(hint) or hasattr(hint, "_fields"):
        assert isinstance(hint, type)
        yield hint
        left_out = {field.name for field in fields(hint) if field.metadata == LEFT_OUT} if is_dataclass(hint) else ()
        for name, of in get_type_hints(hint).items():
            if name not in left_out:
                yield from kinds(of)
    for argument in get_args(hint):
        yield from kinds(argument)


@pytest.mark.parametrize("kind", dict.fromkeys(kinds(Report)), ids=lambda kind: kind.__name__)
def test_every_field_is_a_required_member_of_the_schema(kind: type) -> None:
    published = schema.json_schema()
    described = published if kind is Report else published["$defs"][kind.__name__]
    assert set(stored(kind)) <= set(described["required"]) == set(described["properties"])
    assert described["additionalProperties"] is False
    assert set(get_type_hints(kind)) - set(stored(kind)) <= {"sections", "rules_known", "pictures", "changed"}


@pytest.mark.parametrize("which", REPORTS)
def test_a_document_matches_its_schema_and_round_trips(which: str) -> None:
    report = REPORTS[which]
    text = render("json", report)
    Draft202012Validator(schema.json_schema()).validate(json.loads(text))

    again = schema.read(text, "report.json", {rule.name: rule for rule in report.rules_known})

    assert set(again.findings) == set(report.findings)
    assert replace(again, findings=report.findings) == report
    assert json.loads(render("json", replace(again, findings=report.findings))) == json.loads(text)


def test_the_document_has_every_finding() -> None:
    """So a limit on what people read at once cannot hide anything from what reads the file."""
    document = json.loads(render("json", replace(REPORTS["compared"], top=1)))
    assert len(document["findings"]) == len(REPORTS["compared"].findings)
    assert document["top"] == 1
