"""URLs lead to the commit's files and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gotracer_ci.report.links import NO_LINKS

from .github_page import COMMIT, LINKS


@pytest.mark.parametrize(
    ("path", "line", "below"),
    [
        ("store/cache.go", 41, "store/cache.go#L41"),
        ("store/cache.go", 0, "store/cache.go"),
        ("a b/ä(1)#x?.go", 2, "a%20b/%C3%A4%281%29%23x%3F.go#L2"),
        ("a/%2e%2e/b.go", 2, "a/%252e%252e/b.go#L2"),
    ],
)
def test_a_line_of_the_commit(path: str, line: int, below: str) -> None:
    assert LINKS.line(path, line) == LINKS.blob + below


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../x.go", "a/../x.go", "./x.go", "a//x.go", "a\nb", "\udcff.go"])
def test_a_path_outside_the_directory_has_no_url(path: str) -> None:
    assert LINKS.line(path, 3) == ""


@pytest.mark.parametrize("directory", ["..", "a/../..", "/etc", "a//b", "\n"])
def test_a_directory_does_not_lead_elsewhere(directory: str) -> None:
    assert replace(LINKS, folder="services/shop").line("x.go", 3) == f"{LINKS.blob}services/shop/x.go#L3"
    assert replace(LINKS, folder=directory).line("x.go", 3) == ""


def test_artifacts_are_on_the_page_of_the_run() -> None:
    assert LINKS.artifacts == "https://github.com/acme/shop/actions/runs/4711#artifacts"


def test_the_commit_is_on_the_same_host() -> None:
    assert LINKS.of_commit == f"https://github.com/acme/shop/commit/{COMMIT}"
    assert (NO_LINKS.of_commit, NO_LINKS.artifacts, NO_LINKS.line("x.go", 1)) == ("", "", "")
