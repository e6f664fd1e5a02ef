"""Run tests as an ordinary user."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.files.processes import NOBODY


@pytest.fixture
def public() -> Iterator[Path]:
    """Yield a directory that every user can read and write, and make this process an ordinary user."""
    path = Path(tempfile.mkdtemp())
    path.chmod(0o777)
    is_root = os.geteuid() == 0
    if is_root:
        os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield path
    finally:
        if is_root:
            os.setresuid(0, 0, 0)
        shutil.rmtree(path)
