"""One request to a route, and the check of its permission."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.github.hub.exchange import Refusal, Request, Response
from tests.github.hub.shapes import Shapes
from tests.github.hub.state import State, Token

DEFAULT_PER_PAGE = 30


@dataclass(frozen=True, slots=True)
class Call:
    """A request. variables: those of the path, decoded. storage: the URL of the artifacts' host."""

    request: Request
    variables: Mapping[str, str]
    state: State
    shapes: Shapes
    token: Token
    storage: str

    @property
    def body(self) -> Any:
        return self.request.json()

    def number(self, name: str) -> int:
        return int(self.variables[name])

    def page(self, items: Sequence[Any], member: str = "") -> Response:
        """Return a page of items with a Link header. As on GitHub, its URLs contain the repository's number."""
        size = int(self.request.query.get("per_page", DEFAULT_PER_PAGE))
        page = int(self.request.query.get("page", 1))
        last = max(1, -(-len(items) // size))
        shown = list(items[(page - 1) * size : page * size])
        links = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
        wanted = [rel for rel in links if (page > 1 if rel in ("prev", "first") else page < last)]
        link = ", ".join(f'<{self._address(links[rel])}>; rel="{rel}"' for rel in wanted)
        value = {"total_count": len(items), member: shown} if member else shown
        return Response.of(200, value, **({"link": link} if link else {}))

    def _address(self, page: int) -> str:
        api, _, rest = self.shapes.api.partition("/repos/")
        below = self.request.path.removeprefix(f"/repos/{rest}")
        query = {**self.request.query, "page": str(page)}
        words = "&".join(f"{name}={value}" for name, value in query.items())
        return f"{api}/repositories/{self.state.repository_id}{below}?{words}"


def require(token: Token, rights: Sequence[str], *, private: bool) -> None:
    """Raise GitHub's refusal unless the token has one of the permissions, such as "pull-requests: write"."""
    if token.rights is None or not rights:
        return
    for right in rights:
        scope, _, access = right.partition(": ")
        granted = token.rights.get(scope, "")
        if granted == "write" or granted == access or (access == "read" and not private):
            return
    accepted = "; ".join(right.replace("-", "_").replace(": ", "=") for right in rights)
    headers = {"x-accepted-github-permissions": accepted}
    raise Refusal(403, "Resource not accessible by integration", headers)
