"""speedscope's format: https://www.speedscope.app/file-format-schema.json."""

from __future__ import annotations

import json
from typing import Any, Final

from gotracer_ci import __version__
from gotracer_ci.analysis.profile import Frame, StackProfile
from gotracer_ci.report.safe import clean, escape_json

SCHEMA: Final = "https://www.speedscope.app/file-format-schema.json"


def speedscope(profile: StackProfile, base: StackProfile | None) -> str:
    """Return the document; the base is a second profile in it."""
    frames: dict[Frame, int] = {}
    named = [(profile.type, profile), *([(f"{profile.type} (base)", base)] if base else [])]
    document = {
        "$schema": SCHEMA,
        "exporter": f"gotracer-ci@{__version__}",
        "name": profile.type,
        "activeProfileIndex": 0,
        "profiles": [_profile(name, part, frames) for name, part in named],
        "shared": {"frames": [_frame(*frame) for frame in frames]},
    }
    return escape_json(json.dumps(document, ensure_ascii=False, separators=(",", ":"))) + "\n"


def _profile(name: str, profile: StackProfile, frames: dict[Frame, int]) -> dict[str, Any]:
    samples = [[frames.setdefault(at, len(frames)) for at in reversed(sample.stack)] for sample in profile.samples]
    weights = [sample.ns for sample in profile.samples]
    return {
        "type": "sampled",
        "name": name,
        "unit": "nanoseconds",
        "startValue": 0,
        "endValue": sum(weights),
        "samples": samples,
        "weights": weights,
    }


def _frame(function: str, file: str, line: int) -> dict[str, Any]:
    known: dict[str, Any] = {"name": clean(function) or "(unknown)"}
    if file:
        known |= {"file": clean(file), "line": line}
    return known
