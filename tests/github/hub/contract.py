"""Both directions against the description: what is wrong with a request, and what with an answer."""

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
WORDS = 200  # characters of an error


@dataclass(frozen=True, slots=True)
class Operation:
    """What a request asks for: an entry of the description, with the path's variables decoded."""

    method: str
    template: str
    variables: Mapping[str, str]
    spec: Mapping[str, Any]

    @property
    def documentation(self) -> str:
        url: str = self.spec["externalDocs"]["url"]
        return url


class Contract:
    """GitHub's description of a product's API, "api.github.com" or "ghes", as a judge of requests and answers."""

    def __init__(self, product: str) -> None:
        self._document = description.load(product)
        self._templates = [(method, path, _pattern(path)) for method, path in description.OPERATIONS]
        # the paths that are asked are below the base already
        self._openapi = OpenAPI.from_dict({**self._document, "servers": [{"url": HOST}]})

    def example(self, name: str) -> Any:
        """A copy of an example of the description, to make an answer of."""
        return copy.deepcopy(self._document["components"]["examples"][name]["value"])

    def match(self, method: str, path: str) -> Operation | None:
        """The operation for a path below the base; None when there is none."""
        for known, template, pattern in self._templates:
            if known == method.lower() and (match := pattern.fullmatch(path)):
                variables = {name: unquote(value) for name, value in match.groupdict().items()}
                return Operation(known, template, variables, self._document["paths"][template][known])
        return None

    def check_request(self, operation: Operation, request: Request) -> Iterator[str]:
        """What is against the description, or against what GitHub asks of all requests."""
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
        """What is wrong with an answer. What a gateway says for GitHub is not described, and not checked."""
        if response.status < 500:
            try:
                self._openapi.validate_response(_Asked(operation, request), _Answered(response))
            except OpenAPIError as error:
                yield f"the answer {response.status}: {_explain(error)}"

    def _unknown(self, operation: Operation, request: Request) -> Iterator[str]:
        """What is not described at all. GitHub ignores it, so that a misspelt name would never be seen."""
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
    """A request as openapi-core wants it."""

    def __init__(self, operation: Operation, request: Request) -> None:
        self.host_url = HOST
        # a path within a path is one segment for openapi-core
        variables = {name: quote(value, safe="") for name, value in operation.variables.items()}
        self.path = re.sub(r"\{(\w+)\}", lambda name: variables[name[1]], operation.template)
        self.method = operation.method
        self.body = request.body or None
        self.content_type = request.headers.get("content-type", "")
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(request.query), header=Headers(dict(request.headers)), cookie=ImmutableMultiDict()
        )


class _Answered:
    """A response as openapi-core wants it."""

    def __init__(self, response: Response) -> None:
        self.status_code = response.status
        self.data = response.body
        self.content_type = response.content_type
        self.headers = Headers(dict(response.headers))


def _pattern(template: str) -> re.Pattern[str]:
    """A regular expression of a path template; only {path} goes over several segments."""
    parts = re.split(r"\{(\w+)\}", template)
    names = [f"(?P<{name}>{'.+' if name == 'path' else '[^/]+'})" for name in parts[1::2]]
    fixed = map(re.escape, parts[::2])
    return re.compile("".join(text + name for text, name in zip(fixed, [*names, ""], strict=True)))


def _explain(error: OpenAPIError) -> str:
    """The error, and what the schemas say in their own words. Both quote values, which can be long."""
    words = [str(error)]
    cause: BaseException | None = error
    while cause is not None:
        words += [f"{list(part.path)}: {part.message}" for part in getattr(cause, "schema_errors", ())]
        cause = cause.__cause__
    return "; ".join(text if len(text) <= WORDS else f"{text[:50]} … {text[-150:]}" for text in dict.fromkeys(words))
