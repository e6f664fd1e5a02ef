"""A repository that is sent to another machine needs none of its files there."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import pytest

from gotracer_ci.analysis.facts import Facts, analyse
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.source.repository import Repository
from gotracer_ci.trace.open import open_trace
from tests.conftest import PROGRAMS, path_of


def read(name: str, repository: Repository) -> Facts:
    return analyse(open_trace(path_of(name)), SourceMap(repository))


def test_frames_are_found_without_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those of files below a link."""
    root = tmp_path / "programs"
    shutil.copytree(PROGRAMS, root)
    (root / "tour").rename(root / "moved")
    (root / "tour").symlink_to("moved")
    monkeypatch.chdir(tmp_path)
    sent = pickle.dumps(Repository.scan(Path("programs")).known())
    names = ("service-go1.27", "tour-go1.27", "lockwait-go1.27", "tour-go1.21")
    here = [read(name, Repository.scan(Path("programs"))) for name in names]
    shutil.rmtree(root)
    monkeypatch.chdir("/")
    assert [read(name, pickle.loads(sent)) for name in names] == here
    paths = {frame.path for facts in here for group in facts.intervals for frame in group.stack.frames}
    assert {"moved/main.go", "service/main.go"} <= paths
    assert [read(name, Repository.at(Path("/"))) for name in names] != here
