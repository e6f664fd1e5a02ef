"""The page's templates. Like Python's modules, each is compiled once, into `__pycache__`, if that can be written."""

from __future__ import annotations

import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from pickle import UnpicklingError
from typing import Final

from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from gotracer_ci.report import safe

FOLDER: Final = Path(__file__).parent / "html"


class _Cache(FileSystemBytecodeCache):
    """Compiled templates, each with the checksum of its source and the versions of Jinja and Python."""

    def load_bytecode(self, bucket: Bucket) -> None:
        try:
            super().load_bytecode(bucket)
        except (OSError, EOFError, UnpicklingError):
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        if sys.dont_write_bytecode:
            return
        with suppress(OSError):
            Path(self.directory).mkdir(exist_ok=True)
            super().dump_bytecode(bucket)


@cache
def environment() -> Environment:
    """Return what the templates are rendered with: each value is cleaned and escaped."""
    return Environment(
        autoescape=True,
        finalize=_clean,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        loader=FileSystemLoader(FOLDER),
        bytecode_cache=_Cache(str(FOLDER / "__pycache__")),
    )


def compile_all() -> None:
    """Compile all templates, so that no run has to."""
    for file in sorted(FOLDER.glob("*.html")):
        environment().get_template(file.name)


def _clean(value: object) -> object:
    """Clean the value of an expression in a template, before it is escaped."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return safe.clean(value)
    return value
