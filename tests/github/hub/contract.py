"""Check requests and responses against GitHub's OpenAPI description."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from werkzeug.datastructures import Headers, ImmutableMultiDict

from tests.github.hub import description
from tests.github.hub.exchange import Request, Response

HOST = "https://github.test"
ACCEPTED = ("application/vnd.github+json", description.RAW)
API_VERSION = "2022-11-28"
PER_PAGE = 100
WORDS = 200  # characters per error


@dataclass(frozen=True, slots=True)
class Operation:
    """The operation of a request: an entry of the description, with the path's variables decoded."""

    method: str
    template: str
    variables: Mapping[str, str]
    spec: Mapping[str, Any]

    @property
    def documentation(self) -> str:
        url: str = self.spec["externalDocs"]["url"]
        return url


class Contract:
    """Checks requests and responses against the description of a product's API, "api.github.com" or "ghes"."""

    def __init__(self, product: str) -> None:
        self._document = description.load(product)
        self._templates = [(method, path, _pattern(path)) for method, path in description.OPERATIONS]
        # Paths are already relative to the base.
        self._openapi = OpenAPI.from_dict({**self._document, "servers": [{"url": HOST}]})

    def example(self, name: str) -> Any:
        """Return a copy of an example in the description, as a template for a response."""
        return copy.deepcopy(self._document["components"]["examples"][name]["value"])

    def match(self, method: str, path: str) -> Operation | None:
        """Return the operation for a path below the base, or None."""
        for known, template, pattern in self._templates:
            if known == method.lower() and (match := pattern.fullmatch(path)):
                variables = {name: unquote(value) for name, value in match.groupdict().items()}
                return Operation(known, template, variables, self._document["paths"][template][known])
        return None

    def check_request(self, operation: Operation, request: Request) -> Iterator[str]:
        """Yield violations of the description, or of GitHub's rules for all requests."""
        try:
            self._openapi.validate_request(_Asked(operation, request))
        except OpenAPIError as error:
            yield _explain(error)
        yield from self._unknown(operation, request)
        if request.headers.get("accept") not in ACCEPTED:
            yield f"the header Accept is not one of {', '.join(ACCEPTED)}"
        if request.headers.get("x-github-api-version") != API_VERSION:
            yield f"the header X-GitHub-Api-Version is not {API_VERSION}"
        if not request.headers.get("user-agent"):
            yield "the header User-Agent is missing"
        if int(request.query.get("per_page", "1")) > PER_PAGE:
            yield f"per_page is over {PER_PAGE}"

    def check_response(self, operation: Operation, request: Request, response: Response) -> Iterator[str]:
        """Yield violations in a response. A gateway's response is not described, so it is not checked."""
        if response.status < 500:
            try:
                self._openapi.validate_response(_Asked(operation, request), _Answered(response))
            except OpenAPIError as error:
                yield f"the answer {response.status}: {_explain(error)}"

    def _unknown(self, operation: Operation, request: Request) -> Iterator[str]:
        """Yield members that are not described. GitHub ignores them, so a misspelt name would go unnoticed."""
        parameters = [self._resolved(parameter) for parameter in operation.spec.get("parameters", ())]
        known = {parameter["name"] for parameter in parameters if parameter["in"] == "query"}
        yield from (f"the parameter {name!r} is not known here" for name in request.query if name not in known)
        body = operation.spec.get("requestBody")
        if body is None:
            if request.body:
                yield "a body is not expected here"
            return
        members = body["content"]["application/json"]["schema"]["properties"]
        value = request.json()
        if isinstance(value, dict):
            yield from (f"the body's member {name!r} is not known here" for name in value if name not in members)

    def _resolved(self, part: Mapping[str, Any]) -> Mapping[str, Any]:
        if "$ref" not in part:
            return part
        _, _, kind, name = part["$ref"].split("/")
        found: Mapping[str, Any] = self._document["components"][kind][name]
        return found


class _Asked:
    """A request in openapi-core's interface."""

    def __init__(self, operation: Operation, request: Request) -> None:
        self.host_url = HOST
        # openapi-core treats a path within a path as one segment.
        variables = {name: quote(value, safe="") for name, value in operation.variables.items()}
        self.path = re.sub(r"\{(\w+)\}", lambda name: variables[name[1]], operation.template)
        self.method = operation.method
        self.body = request.body or None
        self.content_type = request.headers.get("content-type", "")
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(request.query), header=Headers(dict(request.headers)), cookie=ImmutableMultiDict()
        )


class _Answered:
    """A response in openapi-core's interface."""

    def __init__(self, response: Response) -> None:
        self.status_code = response.status
        self.data = response.body
        self.content_type = response.content_type
        self.headers = Headers(dict(response.headers))


def _pattern(template: str) -> re.Pattern[str]:
    """Return a regular expression for a path template. Only {path} matches several segments."""
    parts = re.split(r"\{(\w+)\}", template)
    names = [f"(?P<{name}>{'.+' if name == 'path' else '[^/]+'})" for name in parts[1::2]]
    fixed = map(re.escape, parts[::2])
    return re.compile("".join(text + name for text, name in zip(fixed, [*names, ""], strict=True)))


def _explain(error: OpenAPIError) -> str:
    """Return the error and the schemas' messages, truncated, because they quote values."""
    words = [str(error)]
    cause: BaseException | None = error
    while cause is not None:
        words += [f"{list(part.path)}: {part.message}" for part in getattr(cause, "schema_errors", ())]
        cause = cause.__cause__
    return "; ".join(text if len(text) <= WORDS else f"{text[:50]} … {text[-150:]}" for text in dict.fromkeys(words))
