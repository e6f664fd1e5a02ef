"""GitHub's own OpenAPI description, reduced to the operations used here.

The npm package has hundreds of megabytes. It is installed once, reduced to a file below build/openapi, and deleted.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from tests import npm

VERSION = "23.0.2"
FILES = npm.NPM.parent / "openapi"
R = "/repos/{owner}/{repo}"
OPERATIONS = (
    ("get", "/user"),
    ("get", R),
    ("get", f"{R}/contents/{{path}}"),
    ("get", f"{R}/issues/{{issue_number}}/comments"),
    ("post", f"{R}/issues/{{issue_number}}/comments"),
    ("patch", f"{R}/issues/comments/{{comment_id}}"),
    ("delete", f"{R}/issues/comments/{{comment_id}}"),
    ("get", f"{R}/pulls"),
    ("get", f"{R}/pulls/{{pull_number}}"),
    ("get", f"{R}/actions/runs/{{run_id}}/artifacts"),
    ("get", f"{R}/actions/artifacts/{{artifact_id}}/{{archive_format}}"),
    ("post", f"{R}/code-scanning/sarifs"),
    ("get", f"{R}/code-scanning/sarifs/{{sarif_id}}"),
)
RAW = "application/vnd.github.raw+json"

# Errors that any operation can return, but that the description lists only for some.
EVERYWHERE = {"401": "requires_authentication", "403": "forbidden", "404": "not_found", "429": "forbidden"}


def load(product: str) -> dict[str, Any]:
    """Return the description of "api.github.com" or the newest "ghes", completed with undocumented behaviour."""
    digest = hashlib.sha256(repr((OPERATIONS, EVERYWHERE)).encode()).hexdigest()[:8]
    file = FILES / f"{product}-{VERSION}-{digest}.json"
    with npm.locked(FILES / digest):
        if not file.exists():
            _make(digest)
    document: dict[str, Any] = json.loads(file.read_bytes())
    _amend(document)
    return document


def _make(digest: str) -> None:
    """Write the reduced descriptions."""
    with npm.passing("@octokit/openapi", VERSION) as package:
        generated = package / "generated"
        releases = {_release(path.name): path for path in generated.glob("ghes-*.json") if _release(path.name)}
        sources = {"api.github.com": generated / "api.github.com.json", "ghes": releases[max(releases)]}
        for product, source in sources.items():
            pruned = _prune(json.loads(source.read_bytes()))
            part = FILES / f"{product}.part"
            part.write_text(json.dumps(pruned), encoding="utf-8")
            part.rename(FILES / f"{product}-{VERSION}-{digest}.json")


def _release(name: str) -> tuple[int, ...]:
    """Return (3, 19) for "ghes-3.19.json", or () for the copies without references."""
    match = re.fullmatch(r"ghes-(\d+)\.(\d+)\.json", name)
    return tuple(map(int, match.groups())) if match else ()


def _prune(document: dict[str, Any]) -> dict[str, Any]:
    """Return the operations and everything they refer to, at any depth."""
    paths: dict[str, Any] = {}
    for method, path in OPERATIONS:
        paths.setdefault(path, {})[method] = document["paths"][path][method]
    components: dict[str, Any] = {}
    # _amend adds responses that no operation refers to.
    waiting = [paths, *({"$ref": f"#/components/responses/{name}"} for name in EVERYWHERE.values())]
    while waiting:
        match waiting.pop():
            case {"$ref": str(reference)}:
                _, _, kind, name = reference.split("/")
                if name not in components.setdefault(kind, {}):
                    components[kind][name] = document["components"][kind][name]
                    waiting.append(components[kind][name])
            case dict(members):
                waiting.extend(members.values())
            case list(members):
                waiting.extend(members)
    kept = {key: document[key] for key in ("openapi", "info")}
    return {**kept, "paths": paths, "components": components}


def _amend(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            for status, name in EVERYWHERE.items():
                operation["responses"].setdefault(status, {"$ref": f"#/components/responses/{name}"})
            if "/contents/" in path:
                # documented only in the operation's prose
                assert RAW in operation["description"]
                operation["responses"]["200"]["content"][RAW] = {"schema": {"type": "string", "format": "binary"}}
    for name in ("pull-request", "pull-request-simple"):
        # null if the fork was deleted, as in the payloads of events
        head = document["components"]["schemas"][name]["properties"]["head"]["properties"]
        head["repo"] = {"oneOf": [head["repo"], {"nullable": True, "enum": [None]}]}
