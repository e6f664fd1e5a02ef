"""Reading the runner's environment: inputs, path translation, errors."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

import pytest

from gotracer_ci.errors import UsageError
from gotracer_ci.github.environment import RunnerEnvironment, from_environ

TOKEN: Final = "ghs_0123456789abcdefghijklmnopqrstuvwxyz"
CONTAINER = {
    "GITHUB_WORKSPACE": "/github/workspace",
    "GITHUB_REPOSITORY": "octo/hello",
    "RUNNER_WORKSPACE": "/home/runner/work/hello",
    "RUNNER_TEMP": "/github/runner_temp",
    "INPUT_TRACES": "a.trace",
}


def test_inputs_keep_hyphens_and_empty_ones_are_missing() -> None:
    environment = from_environ(
        {**CONTAINER, "INPUT_UPDATE-BASELINE": "true", "INPUT_FAIL-ON": "error", "INPUT_STRICT": "", "INPUT_TOP": " 5 "}
    )

    assert environment.update_baseline is True
    assert environment.fail_on == "error"
    assert environment.top == "5"
    assert environment.strict is None
    assert environment.baseline is None
    assert environment.annotations is True


def test_every_line_of_an_input_is_translated_to_the_container() -> None:
    environment = from_environ(
        {
            **CONTAINER,
            # the runner translates only the first line
            "INPUT_TRACES": "/github/workspace/a.trace\n/home/runner/work/hello/hello/b/*.trace\r\n\n"
            "/home/runner/work/_temp/c.trace\n/__w/hello/hello/d.trace\n/home/runner/work/hello/hello2/e.trace",
        }
    )

    assert environment.traces == (
        "/github/workspace/a.trace",
        "/github/workspace/b/*.trace",
        "/github/runner_temp/c.trace",
        "/github/workspace/d.trace",
        "/home/runner/work/hello/hello2/e.trace",
    )


def test_paths_are_translated_for_later_steps() -> None:
    environment = from_environ(CONTAINER)

    assert environment.on_host(Path("/github/workspace/out/x.sarif")) == "out/x.sarif"
    assert environment.on_host(Path("/github/runner_temp/x.sarif")) == "/home/runner/work/_temp/x.sarif"
    assert environment.on_host(Path("/etc/x.sarif")) == "/etc/x.sarif"


def test_the_source_of_a_path_map_is_a_path_of_the_build() -> None:
    environment = from_environ(
        {**CONTAINER, "INPUT_PATH-MAP": "/github/workspace/gen=src/gen\n/home/me/code = /home/runner/work/hello/hello"}
    )

    assert environment.path_map == (
        ("/home/runner/work/hello/hello/gen", "src/gen"),
        ("/home/me/code", "/github/workspace"),
    )


def test_the_workspaces_path_in_other_steps_is_known() -> None:
    environment = from_environ(CONTAINER)

    assert environment.built_in(Path("/github/workspace/api")) == [
        "/home/runner/work/hello/hello/api",
        "/__w/hello/hello/api",
    ]


def test_outside_a_container_nothing_is_translated() -> None:
    workspace = "/home/runner/work/hello/hello"

    environment = from_environ({**CONTAINER, "GITHUB_WORKSPACE": workspace, "INPUT_TRACES": f"{workspace}/a.trace"})

    assert environment.traces == (f"{workspace}/a.trace",)
    assert environment.built_in(Path(workspace)) == ["/__w/hello/hello"]


def test_without_the_hosts_path_nothing_is_translated() -> None:
    environment = from_environ({"GITHUB_WORKSPACE": "/github/workspace", "INPUT_TRACES": "a\n/home/runner/b"})

    assert environment.traces == ("a", "/home/runner/b")
    assert environment.built_in(Path("/github/workspace")) == []


def test_a_re_run_has_its_own_id() -> None:
    first = from_environ({**CONTAINER, "GITHUB_RUN_ID": "77", "GITHUB_RUN_ATTEMPT": "1"})
    again = from_environ({**CONTAINER, "GITHUB_RUN_ID": "77", "GITHUB_RUN_ATTEMPT": "2"})

    assert (first.run_id, again.run_id) == ("77-1", "77-2")


def test_each_leg_of_a_matrix_has_its_own_id_and_its_steps_share_it() -> None:
    """Jobs of a matrix have one run and one name of the job, and run on different runners."""
    run = {**CONTAINER, "GITHUB_RUN_ID": "77", "GITHUB_RUN_ATTEMPT": "1", "GITHUB_JOB": "traces"}
    ids = [from_environ(run | {"RUNNER_NAME": f"GitHub Actions {n}"}).run_id for n in (1, 2, 1)]
    other_job = from_environ(run | {"RUNNER_NAME": "GitHub Actions 1", "GITHUB_JOB": "bench"}).run_id
    assert ids[0] == ids[2]
    assert len({*ids, other_job}) == 3
    assert all(re.fullmatch("77-1-[0-9a-f]+", id) for id in (*ids, other_job))


def test_a_matrix_on_one_runner_has_an_id_for_each_job() -> None:
    """A self-hosted runner runs one after the other, and nothing but the index differs."""
    run = {**CONTAINER, "GITHUB_RUN_ID": "77", "GITHUB_JOB": "record", "RUNNER_NAME": "metal"}
    ids = [from_environ(run | {"INPUT_JOB-INDEX": str(i)}).run_id for i in (0, 1, 2, 3, 4, 0)]
    assert len(set(ids)) == 5
    assert ids[0] == ids[5]


def test_inputs_control_what_is_published() -> None:
    usual = from_environ(CONTAINER)
    asked = from_environ(
        {
            **CONTAINER,
            "INPUT_COMMENT": "always",
            "INPUT_COMMENT-ID": "linux_1.27-race",
            "INPUT_GITHUB-TOKEN": TOKEN,
            "INPUT_UPLOAD-SARIF": "true",
            "INPUT_ARTIFACT": "größe, (linux) v1.27",
            "INPUT_DRY-RUN": "true",
        }
    )

    def published(environment: RunnerEnvironment) -> list[object]:
        names = ("comment", "comment_id", "token", "upload_sarif", "artifact", "dry_run")
        return [getattr(environment, name) for name in names]

    assert published(usual) == ["auto", "default", "", False, "gotracer-ci", False]
    assert published(asked) == ["always", "linux_1.27-race", TOKEN, True, "größe, (linux) v1.27", True]


def test_the_server_comes_from_the_environment() -> None:
    run = {**CONTAINER, "GITHUB_RUN_ID": "77", "GITHUB_RUN_ATTEMPT": "2"}
    usual = from_environ(run)
    own = from_environ(
        {
            **run,
            "GITHUB_API_URL": "https://git.example.com/api/v3/",
            "GITHUB_SERVER_URL": "https://git.example.com:8443",
        }
    )

    assert (usual.api_url, usual.server_url) == ("https://api.github.com", "https://github.com")
    assert usual.run_url == "https://github.com/octo/hello/actions/runs/77/attempts/2"
    assert (own.api_url, own.server_url) == ("https://git.example.com/api/v3", "https://git.example.com:8443")
    assert own.run_url == "https://git.example.com:8443/octo/hello/actions/runs/77/attempts/2"


def test_missing_variables_are_unknown() -> None:
    odd = {"GITHUB_RUN_ID": "-7", "GITHUB_RUN_ATTEMPT": "²", "GITHUB_SHA": "main", "GITHUB_REF": "a\nb"}
    for variables in ({}, odd, dict.fromkeys(odd, "")):
        environment = from_environ({**CONTAINER, **variables, "GITHUB_REPOSITORY": "hello"})

        assert (environment.run, environment.run_id, environment.run_url) == ((0, 0), "", "")
        assert (environment.repository, environment.commit, environment.ref) == ("", "", "")

    assert from_environ({**CONTAINER, "GITHUB_RUN_ID": "7"}).run_url == "https://github.com/octo/hello/actions/runs/7"


def test_a_pull_request_has_a_merge_commit_and_links_to_its_head(tmp_path: Path) -> None:
    head, merge = "1" * 40, "2" * 40
    payload = tmp_path / "event.json"
    payload.write_text(json.dumps({"pull_request": {"head": {"sha": head}}}), encoding="utf-8")

    environment = from_environ(
        {
            **CONTAINER,
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_EVENT_PATH": str(payload),
            "GITHUB_SHA": merge,
            "GITHUB_REF": "refs/pull/7/merge",
        }
    )

    assert environment.event.commit == head
    assert (environment.commit, environment.ref) == (merge, "refs/pull/7/merge")


@pytest.mark.parametrize("token", [TOKEN, f"  {TOKEN}\n"])
def test_the_token_is_not_shown(token: str) -> None:
    environment = from_environ({**CONTAINER, "INPUT_GITHUB-TOKEN": token})

    assert environment.token == TOKEN
    assert TOKEN not in repr(environment)
    assert TOKEN not in f"{environment}"


@pytest.mark.parametrize("value", ["yes", "True", "1", "TRUE", "truefalse"])
@pytest.mark.parametrize("name", ["update-baseline", "strict", "annotations", "job-summary", "upload-sarif", "dry-run"])
def test_a_boolean_is_true_or_false(name: str, value: str) -> None:
    with pytest.raises(UsageError, match=rf"^{name}: .*{value}"):
        from_environ({**CONTAINER, f"INPUT_{name.upper()}": value})


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"INPUT_PATH-MAP": "no equals sign"}, "path-map"),
        ({"INPUT_PATH-MAP": "=to"}, "path-map"),
        ({"GITHUB_WORKSPACE": ""}, "GITHUB_WORKSPACE"),
        ({"INPUT_COMMENT": "Always"}, "comment: must be auto, always or never, not 'Always'"),
        ({"INPUT_COMMENT": "auto\nalways"}, "comment"),
        ({"INPUT_COMMENT-ID": "a b"}, "comment-id: 'a b' is not 1 to 64 letters, "),
        ({"INPUT_COMMENT-ID": "x" * 65}, "comment-id"),
        ({"INPUT_COMMENT-ID": "a-->"}, "comment-id"),
        ({"INPUT_COMMENT-ID": "é"}, "comment-id"),
        ({"INPUT_ARTIFACT": "a/b"}, "artifact: must be an artifact name, not 'a/b'"),
        ({"INPUT_ARTIFACT": "\udcff"}, "artifact"),
        ({"INPUT_ARTIFACT": "x" * 10_000}, "artifact"),
        ({"GITHUB_API_URL": "api.github.com"}, "GITHUB_API_URL: 'api.github.com' is not"),
        ({"GITHUB_API_URL": "https://me:word@api.github.com"}, "GITHUB_API_URL"),
        ({"GITHUB_API_URL": "https://api.github.com/?x=1"}, "GITHUB_API_URL"),
        ({"GITHUB_SERVER_URL": "javascript:alert(1)"}, "GITHUB_SERVER_URL"),
        ({"GITHUB_SERVER_URL": "https://github.com)](x"}, "GITHUB_SERVER_URL"),
    ],
)
def test_the_invalid_input_is_named(change: dict[str, str], named: str) -> None:
    with pytest.raises(UsageError, match=f"^{named}") as refused:
        from_environ({**CONTAINER, **change})

    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("name", ["GITHUB_API_URL", "GITHUB_SERVER_URL"])
def test_a_password_in_a_url_is_refused_and_not_shown(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"^{name}: remove the user name and password from this URL; ") as error:
        from_environ({"GITHUB_WORKSPACE": str(tmp_path), name: "https://bot:geheim@github.example/api"})
    assert "geheim" not in str(error.value)
