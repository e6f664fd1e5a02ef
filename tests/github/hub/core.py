"""The stand-in for GitHub. It checks every request and response against GitHub's own description."""

from __future__ import annotations

import re
import threading
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any

from tests.github.hub.call import Call, require
from tests.github.hub.contract import Contract, Operation
from tests.github.hub.exchange import Closed, Refusal, Request, Response
from tests.github.hub.faults import Action, Faults, Hold
from tests.github.hub.routes import ROUTES
from tests.github.hub.server import Server
from tests.github.hub.shapes import Shapes
from tests.github.hub.state import State, Token

# a status that clients do not retry
AGAINST = 501
HEADERS = {"x-github-request-id": "0001:0002:0003", "x-ratelimit-limit": "5000", "x-ratelimit-remaining": "4999"}


@dataclass(slots=True)
class Seen:
    """A received request, without the token. status: the response's, 0 if there is none."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    status: int = 0

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.status}"


class Hub:
    """A stand-in for GitHub.

    contract: of "api.github.com" or "ghes". base: the prefix of the API's paths on GitHub Enterprise Server. state: the
    state of another hub, to share it. url: the API's. server_url: the website's. requests: all requests received.
    violations: where requests or responses violate the description.
    """

    def __init__(self, contract: Contract, base: str = "", state: State | None = None) -> None:
        self.state = state or State()
        self.requests: list[Seen] = []
        self.violations: list[str] = []
        self._contract = contract
        self._base = base
        self._faults = Faults()
        self._lock = threading.Lock()
        self._server = Server(self._answer)
        self._storage = Server(self._stored)
        self.server_url = self._server.url
        self.url = f"{self._server.url}{base}"
        self._shapes = Shapes(contract, self.state, self.url, self.server_url)

    def __enter__(self) -> Hub:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._server.close()
        self._storage.close()

    def on(self, method: str, pattern: str, action: Action, *, times: int = 1, after: bool = False) -> None:
        """Run an action before the next matching requests. The action may return a response instead of the server.

        after: run it after the request is served, so that only the response changes.
        """
        self._faults.add(method, pattern, action, times, after)

    def hold(self, method: str, pattern: str, *, times: int = 2, after: bool = False) -> Hold:
        """Hold the next matching requests until the returned context manager exits."""
        hold = Hold()
        self.on(method, pattern, hold, times=times, after=after)
        return hold

    @property
    def writes(self) -> list[Seen]:
        return [seen for seen in self.requests if seen.method != "GET"]

    @property
    def faults_left(self) -> int:
        """The number of faults that no request has triggered yet."""
        return self._faults.left

    def _answer(self, request: Request) -> Response | Closed:
        headers = {**request.headers}
        if "authorization" in headers:
            headers["authorization"] = headers["authorization"].partition(" ")[0]
        path = self._below_base(request.path)
        seen = Seen(request.method, path, request.query, headers, request.json())
        self.requests.append(seen)
        try:
            response = self._checked(replace(request, path=path))
        except Exception:
            # A bug in this server, or a request that it cannot handle, must be noticed.
            response = self._against(request, [traceback.format_exc()])
        if isinstance(response, Response):
            seen.status = response.status
            response = replace(response, headers={**HEADERS, **response.headers})
        return response

    def _below_base(self, path: str) -> str:
        """Return the path as in the description. A path outside the base is unchanged, and matches nothing."""
        if not path.startswith(f"{self._base}/"):
            return f"outside{path}"
        below = path.removeprefix(self._base)
        # URLs of further pages have this form.
        return re.sub(rf"^/repositories/{self.state.repository_id}(?=/|$)", f"/repos/{self.state.repository}", below)

    def _checked(self, request: Request) -> Response | Closed:
        operation = self._contract.match(request.method, request.path)
        if operation is None:
            return self._against(request, ["no operation that is known here"])
        if wrong := list(self._contract.check_request(operation, request)):
            return self._against(request, wrong)
        response = self._act(request, after=False)
        if response is None:
            response = self._served(operation, request)
            response = self._act(request, after=True) or response
        wrong = (
            [] if isinstance(response, Closed) else list(self._contract.check_response(operation, request, response))
        )
        return self._against(request, wrong) if wrong else response

    def _act(self, request: Request, *, after: bool) -> Response | Closed | None:
        action = self._faults.take(request.method, request.path, after)
        return action() if action else None

    def _served(self, operation: Operation, request: Request) -> Response:
        route = ROUTES[operation.method, operation.template]
        try:
            with self._lock:
                token = self._token(request)
                require(token, route.rights, private=self.state.private or not route.is_open)
                variables = operation.variables
                if "owner" in variables and f"{variables['owner']}/{variables['repo']}" != self.state.repository:
                    raise Refusal(404, "Not Found")
                call = Call(request, variables, self.state, self._shapes, token, self._storage.url)
                return route.answer(call)
        except Refusal as refusal:
            body = {"message": refusal.message, **refusal.members, "documentation_url": operation.documentation}
            response = Response.of(refusal.status, {**body, "status": str(refusal.status)})
            return replace(response, headers=refusal.headers)

    def _token(self, request: Request) -> Token:
        words = request.headers.get("authorization", "").split()
        if not words:
            raise Refusal(401, "Requires authentication")
        if words[0].lower() not in ("bearer", "token") or words[-1] not in self.state.tokens:
            raise Refusal(401, "Bad credentials")
        return self.state.tokens[words[-1]]

    def _stored(self, request: Request) -> Response:
        """Respond as the storage of artifacts, which belongs to a third party and must not receive a token."""
        text = " ".join([*request.headers.values(), *request.query.values()])
        if "authorization" in request.headers or any(token in text for token in self.state.tokens):
            return self._against(request, ["the storage of artifacts was sent the token"])
        name = re.fullmatch(r"/(\d+)\.zip", request.path)
        artifact = self.state.artifacts.get(int(name[1])) if name else None
        if request.method != "GET" or artifact is None:
            return self._against(request, ["the storage of artifacts has no such address"])
        return Response(200, artifact.content, "application/zip")

    def _against(self, request: Request, wrong: list[str]) -> Response:
        lines = [f"{request.method} {request.path}: {each}" for each in wrong]
        self.violations += lines
        return Response.of(AGAINST, {"message": "; ".join(lines)})
