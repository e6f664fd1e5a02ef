"""The state as GitHub's JSON: the description's own examples, filled with the values known here."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from tests.github.hub.contract import Contract
from tests.github.hub.state import ACTIONS, OCTOCAT, Artifact, Comment, Pull, State, Upload, User

Json = dict[str, Any]
CONTENT_LIMIT = 1024 * 1024  # GitHub leaves out the content of larger files in JSON


class Shapes:
    """Builds JSON. api_url: the API's URL with the base path. server_url: the website's URL."""

    def __init__(self, contract: Contract, state: State, api_url: str, server_url: str) -> None:
        self._contract = contract
        self._state = state
        self._api_url = api_url
        self._server_url = server_url

    @property
    def api(self) -> str:
        return f"{self._api_url}/repos/{self._state.repository}"

    @property
    def html(self) -> str:
        return f"{self._server_url}/{self._state.repository}"

    def user(self, user: User) -> Json:
        simple: Json = self._example("issue-comment")["user"]
        return self._signed(simple, user)

    def myself(self, user: User) -> Json:
        value = self._example("private-user-response-with-public-profile-information")
        return self._signed(value, user) | {"user_view_type": "public"}

    def comment(self, comment: Comment) -> Json:
        value: Json = self._example("issue-comment")
        return value | {
            "id": comment.id,
            "url": f"{self.api}/issues/comments/{comment.id}",
            "html_url": f"{self.html}/pull/{comment.number}#issuecomment-{comment.id}",
            "issue_url": f"{self.api}/issues/{comment.number}",
            "body": comment.body,
            "user": self.user(comment.author),
            "created_at": comment.created,
            "updated_at": comment.updated,
            "author_association": "NONE" if comment.author == ACTIONS else "CONTRIBUTOR",
        }

    def pull(self, pull: Pull, *, whole: bool) -> Json:
        """Return a pull request, complete or with only the members that lists have."""
        value: Json = self._example("pull-request") if whole else self._example("pull-request-simple-items")[0]
        value = json.loads(json.dumps(value).replace("/1347", f"/{pull.number}"))
        merged: Json = {"merged": False, "mergeable": True} if whole else {}
        head = self._side(value["head"], pull.owner, pull.branch, pull.sha)
        head["repo"] = self._repository(head["repo"], pull.repository) if pull.repository else None
        base_owner = self._state.repository.partition("/")[0]
        base = self._side(value["base"], base_owner, pull.base, value["base"]["sha"])
        base["repo"] = self._repository(base["repo"], self._state.repository)
        return value | merged | {
            "number": pull.number,
            "state": pull.state,
            "locked": pull.locked,
            "closed_at": None if pull.state == "open" else self._state.now(),
            "merged_at": None,
            "user": self.user(OCTOCAT),
            "requested_teams": [],
            "head": head,
            "base": base,
        }  # fmt: skip

    def repository(self) -> Json:
        value = self._repository(self._example("full-repository-default-response"), self._state.repository)
        # only for a fork, or a repository created from a template
        for other in ("source", "parent", "template_repository"):
            value.pop(other, None)
        return value | {"language": "Go", "default_branch": self._state.default_branch}

    def file(self, path: str, ref: str, content: bytes) -> Json:
        small = len(content) <= CONTENT_LIMIT
        sha = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        links = {
            "self": f"{self.api}/contents/{path}?ref={ref}",
            "git": f"{self.api}/git/blobs/{sha}",
            "html": f"{self.html}/blob/{ref}/{path}",
        }
        return {
            "type": "file",
            "encoding": "base64" if small else "none",
            "size": len(content),
            "name": path.rpartition("/")[2],
            "path": path,
            "content": base64.encodebytes(content).decode() if small else "",
            "sha": sha,
            "url": links["self"],
            "git_url": links["git"],
            "html_url": links["html"],
            "download_url": f"{self.html}/raw/{ref}/{path}",
            "_links": links,
        }

    def artifact(self, artifact: Artifact) -> Json:
        url = f"{self.api}/actions/artifacts/{artifact.id}"
        value: Json = self._example("artifact-paginated")["artifacts"][0]
        run = value["workflow_run"] | {"id": artifact.run, "repository_id": self._state.repository_id}
        return value | {
            "id": artifact.id,
            "name": artifact.name,
            "size_in_bytes": len(artifact.content),
            "url": url,
            "archive_download_url": f"{url}/zip",
            "expired": artifact.expired,
            "created_at": artifact.created,
            "updated_at": artifact.created,
            "expires_at": "2026-04-01T00:00:00Z",
            "digest": f"sha256:{hashlib.sha256(artifact.content).hexdigest()}",
            "workflow_run": run,
        }

    def receipt(self, upload: Upload) -> Json:
        return {"id": upload.id, "url": f"{self.api}/code-scanning/sarifs/{upload.id}"}

    def processing(self, upload: Upload, answer: Mapping[str, Any]) -> Json:
        url = f"{self.api}/code-scanning/analyses?sarif_id={upload.id}"
        return ({"analyses_url": url} if answer["processing_status"] == "complete" else {}) | dict(answer)

    def _side(self, value: Json, owner: str, branch: str, sha: str) -> Json:
        user = self._signed(value["user"], User(owner, 2, "User"))
        return value | {"label": f"{owner}:{branch}", "ref": branch, "sha": sha, "user": user}

    def _repository(self, value: Json, full_name: str) -> Json:
        owner, _, name = full_name.partition("/")
        mine = full_name == self._state.repository
        identity = self._state.repository_id if mine else self._state.repository_id + 1
        value = json.loads(json.dumps(value).replace(self._state.repository, full_name))
        return value | {
            "id": identity,
            "name": name,
            "full_name": full_name,
            "owner": self._signed(value["owner"], User(owner, 2, "Organization" if mine else "User")),
            "private": self._state.private,
            "visibility": "private" if self._state.private else "public",
            "fork": not mine,
        }

    def _signed(self, value: Json, user: User) -> Json:
        urls = {
            key: url.replace("/octocat", f"/{user.login}") for key, url in value.items() if key.endswith("url") and url
        }
        return value | urls | {"login": user.login, "id": user.id, "type": user.type}

    def _example(self, name: str) -> Any:
        """Return an example with this server's URLs and repository."""
        text = json.dumps(self._contract.example(name))
        for old, new in (
            ("octocat/Hello-World", self._state.repository),
            ("https://api.github.com", self._api_url),
            ("https://github.com", self._server_url),
        ):
            text = text.replace(old, new)
        return json.loads(text)
