"""Timelines are the same, to the byte, in all builds of the decoder."""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from tests.builds import Build, open_trace
from tests.trace.conftest import TRACES

CHOSEN = TRACES[::16]


def exported(path: Path, part: tuple[float, float]) -> bytes:
    """Return a part of a trace, as shares of its length, in Perfetto's format, made by the active build."""
    package = "gotracer_ci.export"
    others = {name: sys.modules.pop(name) for name in list(sys.modules) if name.startswith(package)}
    try:
        timeline, perfetto = import_module(f"{package}.timeline"), import_module(f"{package}.perfetto")
        whole = open_trace(str(path))
        for _ in whole.chunks(()):
            pass
        window = import_module("gotracer_ci.analysis.reading").Window(
            *(int(share * whole.duration_ns) for share in part)
        )
        parts: list[bytes] = []
        timeline.write(open_trace(str(path)), perfetto.Perfetto(parts.append), window)
    finally:
        for name in [name for name in sys.modules if name.startswith(package)]:
            del sys.modules[name]
        sys.modules.update(others)
    return b"".join(parts)


installed = cache(exported)


@pytest.mark.parametrize("part", [(0.0, 1.0), (0.3, 0.6)], ids=["whole", "part"])
@pytest.mark.parametrize("path", CHOSEN, ids=lambda path: path.stem)
def test_all_builds_write_the_same(path: Path, part: tuple[float, float], build: Build) -> None:
    expected = installed(path, part)
    with build.active():
        assert exported(path, part) == expected
    assert len(expected) > 1000
