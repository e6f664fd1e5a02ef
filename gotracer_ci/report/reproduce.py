"""Write the commands that reproduce a report, for a reader with a checkout and a shell."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import PurePosixPath

from gotracer_ci.findings import Severity
from gotracer_ci.report.links import Links
from gotracer_ci.report.model import Report
from gotracer_ci.report.safe import clean

_NAMED = 8
_LONGEST = 200
_RUN = re.compile(r"https?://(?P<host>[^/]+)/(?P<repository>[^/]+/[^/]+)/actions/runs/(?P<id>\d+)")
_OF_BRANCH = re.compile(r"(?P<file>.+) of (?P<branch>[^\s:]+)")
_CHECKOUT = " of the checkout"
_COPY = "base-baseline.json"


def commands(report: Report, links: Links) -> str:
    """Return lines of shell. Text from the report is quoted; a name that cannot be copied is a word in capitals."""
    commit = f" at commit {links.commit[:10]}" if links.commit else ""
    lines = [f"# Record the traces again{commit}, or take the traces, and nothing else, from the artifact of the run:"]
    if run := _RUN.match(links.run):
        host = "" if run["host"] == "github.com" else f"{run['host']}/"
        # into its own directory: an artifact lands in a directory of its name, which a fork's run may have called .git
        repository = shlex.quote(host + run["repository"])
        lines.append(f"# gh run download {run['id']} --repo {repository} --dir run-{run['id']}")
    options: list[str] = []
    for name in _names([trace.path for trace in report.base_traces], "BASE_TRACES"):
        options += ["--base", name]
    baseline = report.comparison.baseline if report.comparison else ""
    if baseline:
        in_checkout = baseline.removesuffix(_CHECKOUT)
        of_branch = _OF_BRANCH.fullmatch(baseline) if in_checkout == baseline else None
        if of_branch and clean(baseline) == baseline and len(baseline) <= _LONGEST:
            # a full reference is neither an option nor a second branch to write to
            lines.append(f"git fetch origin {shlex.quote('refs/heads/' + of_branch['branch'])}")
            lines.append(f"git show {shlex.quote('FETCH_HEAD:' + of_branch['file'])} > {_COPY}")
            in_checkout = _COPY
        options += ["--baseline", _word(in_checkout, "BASELINE")]
    if report.strict:
        options.append("--strict")
    if report.fail_on is not Severity.WARN:
        options += ["--fail-on", "never" if report.fail_on is Severity.NONE else report.fail_on.label]
    names = _names([trace.path for trace in report.traces], "TRACES")
    lines.append(" ".join(["gotracer-ci analyze", *names, *options]))
    return "\n".join(lines)


def _names(paths: Sequence[str], unknown: str) -> list[str]:
    """Return the traces, or their directories if there are many."""
    if len(paths) > _NAMED:
        paths = sorted({str(PurePosixPath(path).parent) for path in paths})
    return list(dict.fromkeys(_word(path, unknown) for path in paths)) if len(paths) <= _NAMED else [unknown]


def _word(path: str, unknown: str) -> str:
    """Return a path as one word of shell that no program takes for an option."""
    if path in ("", "-") or clean(path) != path or len(path) > _LONGEST:
        return unknown
    return shlex.quote(f"./{path}" if path.startswith("-") else path)
