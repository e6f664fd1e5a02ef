"""Recognize the packages of the standard library, of assertion libraries, and of one repository by their paths."""

from __future__ import annotations

import re

_TOP = (
    "archive arena bufio builtin bytes cmd cmp compress container context crypto database debug embed encoding "
    "errors expvar flag fmt go hash html image index internal io iter log maps math mime net os path plugin "
    "reflect regexp runtime simd slices sort strconv strings structs sync syscall testing text time unicode "
    "unique unsafe vendor weak"
)
STD = frozenset(_TOP.split())
# The frames of these are at the bottom or at the top of every stack, also of the stacks of their own tests.
_OF_EVERY_STACK = ("runtime", "internal/runtime", "testing")

ASSERTION_PACKAGES = "assert|asserts|assertions?|require"
ASSERTION_LIBRARIES = (
    r"stretchr/testify|frankban/quicktest|go-quicktest/qt|matryer/is|onsi/gomega|onsi/ginkgo|google/go-cmp|"
    r"gotest\.tools|gopkg\.in/check\.v\d|smartystreets/goconvey|smarty/assertions|alecthomas/assert|shoenig/test|"
    r"rogpeppe/go-internal/testscript"
)
"""Patterns: the last element of a path, and elements anywhere in it."""
_ASSERTIONS = rf"(?:^|/)(?:{ASSERTION_PACKAGES}|(?:{ASSERTION_LIBRARIES})(?:/.*)?)$"
_VERSION = r"@v[^/]*|/v\d+(?=/|$)"

OWNERS = frozenset(
    {"github.com", "gitlab.com", "bitbucket.org", "codeberg.org", "gitee.com", "git.sr.ht", "golang.org"}
)
"""Hosts whose repositories have an owner and a name."""


def is_std(import_path: str) -> bool:
    """Whether a path without a host belongs to the standard library or to Go's own commands."""
    return import_path.split("/", 1)[0] in STD


def can_be_own(import_path: str) -> bool:
    """Whether a package of the standard library is own code while it is under test."""
    return not any(import_path == path or import_path.startswith(f"{path}/") for path in _OF_EVERY_STACK)


def is_assertion(directory: str) -> bool:
    """Whether a package is an assertion library, by its import path or by the directory of its files."""
    return re.search(_ASSERTIONS, re.sub(_VERSION, "", directory)) is not None


def origin(import_path: str) -> str:
    """Return the start of an import path that the packages of one repository share."""
    parts = import_path.split("/")
    if "." not in parts[0]:
        return parts[0]
    return "/".join(parts[: 3 if parts[0] in OWNERS else 2])
