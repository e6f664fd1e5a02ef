"""Print the requests that a dry run does not send."""

from __future__ import annotations

import json
import sys

from gotracer_ci.github.client import Request
from gotracer_ci.github.commands import log

_LONGEST = 100_000


def show(request: Request) -> None:
    """Print the permission, method and URL, then the body as JSON. No line forms a workflow command."""
    body = {name: _short(value) for name, value in (request.body or {}).items()}
    lines = json.dumps(body, indent=2, ensure_ascii=False).splitlines()
    head = f"would send, with {request.permission}: {request.method} {request.url}"
    log("\n".join([head, *(f"  {line}" for line in lines)]), sys.stdout)


def _short(value: object) -> object:
    """Truncate a SARIF log, which is compressed and unreadable. Comments are shorter than the limit."""
    is_long = isinstance(value, str) and len(value) > _LONGEST
    return f"{str(value)[:100]}… ({len(str(value)):,} characters)" if is_long else value
