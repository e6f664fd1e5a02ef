"""Profiles of committed traces."""

from __future__ import annotations

from typing import Any

from gotracer_ci.analysis.profile import GoProfileAnalysis, ProfileAnalysis, StackProfile
from gotracer_ci.analysis.reading import WHOLE, Window, read
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.trace.open import open_trace
from tests.conftest import path_of


def profile_of(name: str, kind: str, window: Window = WHOLE, **options: Any) -> StackProfile:
    trace = open_trace(path_of(name))
    return read(trace, SourceMap(None), ProfileAnalysis(trace, kind, **options), window)


def go_profile_of(name: str, kind: str) -> StackProfile:
    trace = open_trace(path_of(name))
    return read(trace, SourceMap(None), GoProfileAnalysis(trace, kind))
