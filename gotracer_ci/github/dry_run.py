"""What a dry run prints in place of a request."""

from __future__ import annotations

import json
import sys

from gotracer_ci.github.client import Request
from gotracer_ci.github.commands import log

_LONGEST = 100_000


def show(request: Request) -> None:
    """Permission, method and address, then the body as JSON; nothing in it is a command for the runner."""
    body = {name: _short(value) for name, value in (request.body or {}).items()}
    lines = json.dumps(body, indent=2, ensure_ascii=False).splitlines()
    head = f"would send, with {request.permission}: {request.method} {request.url}"
    log("\n".join([head, *(f"  {line}" for line in lines)]), sys.stdout)


def _short(value: object) -> object:
    """A comment is shown whole; a log for code scanning is packed, and nobody could read it."""
    is_long = isinstance(value, str) and len(value) > _LONGEST
    return f"{str(value)[:100]}… ({len(str(value)):,} characters)" if is_long else value
