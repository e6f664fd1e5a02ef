"""The JSON of a baseline file, checked by pydantic. `schema` has what the members mean."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from gotracer_ci.baseline.records import KEPT_ENTRIES, KEPT_SHARES, KEPT_WORK
from gotracer_ci.findings import Key

_Number = Annotated[float, Field(ge=0, le=1e15, allow_inf_nan=False)]
_Whole = Annotated[int, Field(ge=0, le=10**15)]
_Percent = Annotated[int, Field(ge=1, le=100)]
_Names = Annotated[tuple[str, ...], Field(max_length=KEPT_WORK)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Job(_Model):
    """What all schemas have of an entry."""

    id: str = Field(min_length=1)
    commit: str
    go: str
    gomaxprocs: _Whole
    platform: str = ""
    traces: _Whole
    wall_ms: _Whole
    tests: _Whole = 0


class FullJob(Job):
    """An entry with its numbers. rules: None in an entry of schema 2."""

    rules: _Whole | None = None
    work: tuple[_Whole, ...] = ()
    check: str
    values: tuple[_Number | None, ...]
    n: tuple[_Whole, ...]


class Line(_Model):
    """A group."""

    rule: str
    kind: str
    place: str
    unit: Literal["ms", "us", "count", "bytes"]
    ref: _Number | None = None
    accepted: str = ""
    by_test: dict[str, _Percent] = Field(default={}, max_length=KEPT_SHARES + 1)

    @property
    def key(self) -> Key:
        return Key(self.rule, self.kind, self.place)

    @property
    def name(self) -> str:
        return " ".join(part for part in self.key if part)


class OldLine(Line):
    """A group in schema 1, with a number for each entry."""

    values: tuple[_Number | None, ...]
    n: tuple[_Whole, ...] = ()


class Program(_Model):
    """A program's part. tests: schema 2's name of its work."""

    program: str
    rules: _Names = ()
    tests: _Names = ()
    work: _Names = ()
    groups: tuple[Line, ...]
    entries: tuple[FullJob, ...] = Field(min_length=1, max_length=KEPT_ENTRIES)


class File(_Model):
    """A file of schema 2, or of schema 3, which only adds members."""

    schema_: Literal[2, 3] = Field(alias="schema")
    programs: tuple[Program, ...] = Field(min_length=1)


class OldFile(_Model):
    """A file of schema 1."""

    schema_: Literal[1] = Field(alias="schema")
    entries: tuple[Job, ...] = Field(min_length=1, max_length=KEPT_ENTRIES)
    groups: tuple[OldLine, ...]
