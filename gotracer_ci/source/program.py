"""Name the program that was traced, so that traces are compared with those of the same program.

The name is a package path. It does not depend on -trimpath, on the directory of the build or on the version of Go.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable

from gotracer_ci.source.frames import SourceFrame
from gotracer_ci.source.layout import VERSIONED
from gotracer_ci.source.mounts import is_absolute, normal
from gotracer_ci.source.names import MAIN_PACKAGES, package_of
from gotracer_ci.source.repository import Repository

TEST = " (test)"
_TEST_FILE = "_test.go"
_TEST_PACKAGE = "_test"
_MODULE_CACHE = "/pkg/mod/"


def program(frames: Iterable[SourceFrame], repository: Repository | None) -> str:
    """Return the package of a test binary with " (test)", or the main package of a command; "" if unknown.

    A command is named by its import path, from the repository's go.mod or from a trimmed path; else by the directory
    of its main in the repository; else it is "main".
    """
    tested: Counter[str] = Counter()
    mains: Counter[str] = Counter()
    for frame in frames:
        # Go compiles these files only into the test binary of their own package
        if frame.file.endswith(_TEST_FILE):
            tested[package_of(frame.function).removesuffix(_TEST_PACKAGE)] += 1
        elif frame.function == "main.main":
            mains[_main(frame, repository)] += 1
    del tested[""], mains[""]
    best = min(tested or mains, key=lambda name: (-(tested or mains)[name], name), default="")
    return best + TEST if tested else best


def _main(frame: SourceFrame, repository: Repository | None) -> str:
    """Return the main package of main.main's frame; "" if go test generated it."""
    if posixpath.basename(frame.file) == "_testmain.go":
        return ""
    if frame.path and repository:
        return repository.import_path(frame.path) or posixpath.dirname(frame.path) or "."
    file = VERSIONED.sub("/", normal(frame.file))
    if is_absolute(file):
        file = file.rpartition(_MODULE_CACHE)[2] if _MODULE_CACHE in file else ""
    directory = posixpath.dirname(file)
    return "main" if directory in {"", ".", *MAIN_PACKAGES} else directory
