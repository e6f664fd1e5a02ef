"""Errors. Each class has an exit code, and each message is one line for the user.

A message names the file or the option, what is wrong and what to do. `cli` and `action` catch `GotracerError` once,
print it and use its `exit_code`; only `cli` exits.
"""

from __future__ import annotations

from gotracer_ci.urls import redacted

EXIT_CLEAN = 0
EXIT_FLAGGED = 1
EXIT_UNPUBLISHED = 4
EXIT_CRASHED = 70
"""A bug in gotracer-ci. It must differ from 1, which means a regression."""
EXIT_INTERRUPTED = 130
"""Ctrl-C, as a shell reports it."""
EXIT_TERMINATED = 143
"""SIGTERM, as a shell reports it."""


class GotracerError(Exception):
    """Base of all errors that a user can cause or fix."""

    exit_code = 2


class UsageError(GotracerError):
    """An invalid flag, configuration or path."""


class FileError(UsageError):
    """A file that cannot be read or written, or has the wrong content.

    Args:
        path: the file's name as the user gave it.
        problem: what is wrong with it.
        remedy: what to do, or "".
    """

    def __init__(self, path: object, problem: str, remedy: str = "") -> None:
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{path}: {problem}{remedy and f'; {remedy}'}")


class MissingFileError(FileError):
    """A file that does not exist."""


class TraceError(GotracerError):
    """A trace that cannot be read, or cannot be read to its end.

    Args:
        path: the trace's name as the user gave it; of a URL, only what may be shown is kept.
        problem: what is wrong with it, and what to do.
        offset: the byte offset of the damage in the (uncompressed) trace, or None.
    """

    def __init__(self, path: str, problem: str, offset: int | None = None) -> None:
        self.path = path = redacted(path)
        self.problem = problem
        self.offset = offset
        where = "" if offset is None else f" at byte {offset:,}"
        super().__init__(f"{path}: {problem}{where}")

    @property
    def damage(self) -> str:
        """The problem and where it is, without the path."""
        return self.problem if self.offset is None else f"{self.problem}, at byte {self.offset:,}"

    def __reduce__(self) -> tuple[type[TraceError], tuple[str, str, int | None]]:
        """Pickle the parts: a worker hands errors over to its parent process."""
        return type(self), (self.path, self.problem, self.offset)


class BaselineError(GotracerError):
    """A baseline file that is invalid or has a newer schema."""

    exit_code = 3


class PublishError(GotracerError):
    """The results were written, but a request to GitHub failed."""

    exit_code = EXIT_UNPUBLISHED


class ForbiddenError(PublishError):
    """The token lacks a permission. The message names it and says how to grant it."""
