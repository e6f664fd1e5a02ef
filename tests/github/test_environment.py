"""The runner's environment: what is read, translated and refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from gotracer_ci.errors import UsageError
from gotracer_ci.github.environment import from_environ

CONTAINER = {
    "GITHUB_WORKSPACE": "/github/workspace",
    "GITHUB_REPOSITORY": "octo/hello",
    "RUNNER_WORKSPACE": "/home/runner/work/hello",
    "RUNNER_TEMP": "/github/runner_temp",
    "INPUT_TRACES": "a.trace",
}


def test_inputs_keep_their_hyphens_and_empty_ones_were_not_given() -> None:
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
            # the runner has translated the first line
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


def test_files_are_named_as_later_steps_know_them() -> None:
    environment = from_environ(CONTAINER)

    assert environment.on_host(Path("/github/workspace/out/x.sarif")) == "out/x.sarif"
    assert environment.on_host(Path("/github/runner_temp/x.sarif")) == "/home/runner/work/_temp/x.sarif"
    assert environment.on_host(Path("/etc/x.sarif")) == "/etc/x.sarif"


def test_what_is_mapped_from_is_a_path_of_the_build() -> None:
    environment = from_environ(
        {**CONTAINER, "INPUT_PATH-MAP": "/github/workspace/gen=src/gen\n/home/me/code = /home/runner/work/hello/hello"}
    )

    assert environment.path_map == (
        ("/home/runner/work/hello/hello/gen", "src/gen"),
        ("/home/me/code", "/github/workspace"),
    )


def test_it_is_known_where_other_steps_have_the_workspace() -> None:
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


def test_a_re_run_is_a_job_of_its_own() -> None:
    first = from_environ({**CONTAINER, "GITHUB_RUN_ID": "77", "GITHUB_RUN_ATTEMPT": "1"})
    again = from_environ({**CONTAINER, "GITHUB_RUN_ID": "77", "GITHUB_RUN_ATTEMPT": "2"})

    assert (first.run_id, again.run_id) == ("77-1", "77-2")


@pytest.mark.parametrize("value", ["yes", "True", "1", "TRUE", "truefalse"])
@pytest.mark.parametrize("name", ["update-baseline", "strict", "annotations", "job-summary"])
def test_a_boolean_is_true_or_false(name: str, value: str) -> None:
    with pytest.raises(UsageError, match=rf"^{name}: .*{value}"):
        from_environ({**CONTAINER, f"INPUT_{name.upper()}": value})


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"INPUT_TRACES": " \n "}, "traces"),
        ({"INPUT_PATH-MAP": "no equals sign"}, "path-map"),
        ({"INPUT_PATH-MAP": "=to"}, "path-map"),
        ({"GITHUB_WORKSPACE": ""}, "GITHUB_WORKSPACE"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, str], named: str) -> None:
    with pytest.raises(UsageError, match=f"^{named}"):
        from_environ({**CONTAINER, **change})
