"""Write the commands that reproduce a report, for a reader with a checkout and a shell."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from functools import lru_cache
from pathlib import PurePosixPath

from gotracer_ci.findings import Finding, More, Severity
from gotracer_ci.report.links import Links
from gotracer_ci.report.model import Report, TraceSummary
from gotracer_ci.report.safe import clean

_NAMED = 8
_MS = 1_000_000
_TABLES = {
    More.NONE: (),
    More.STUCK: ("goroutines", "--each", "--alive", "--reasons"),
    More.CREATED: ("goroutines", "--by", "creation", "--alive"),
    More.STOPS: ("gc", "--stw", "--sort", "length_ns"),
    More.CYCLES: ("gc",),
    More.TASKS: ("tasks", "--each"),
    More.REGIONS: ("regions", "--each"),
    More.TESTS: ("tests", "--slowest", "10"),
    More.QUEUE: ("goroutines", "--run-queue"),
}
_LONGEST = 200
_RUN = re.compile(r"https?://(?P<host>[^/]+)/(?P<repository>[^/]+/[^/]+)/actions/runs/(?P<id>\d+)")
_OF_BRANCH = re.compile(r"(?P<file>.+) on (?P<branch>[^\s:]+)")
_CHECKOUT = " in the checkout"
_COPY = "base-baseline.json"
_TEST = " (test)"


def commands(report: Report, links: Links) -> str:
    """Return lines of shell. Text from the report is quoted; a name that cannot be copied is a word in capitals."""
    lines = []
    if run := _RUN.match(links.run):
        host = "" if run["host"] == "github.com" else f"{run['host']}/"
        # into its own directory: an artifact lands in a directory of its name, which a fork's run may have called .git
        repository = shlex.quote(host + run["repository"])
        lines.append("# If the run kept its traces as an artifact, this gets them. Otherwise record them again:")
        lines.append(f"# gh run download {run['id']} --repo {repository} --dir run-{run['id']}")
    if links.commit:
        lines += [f"git fetch origin {links.commit}", f"git checkout --detach {links.commit}"]
    if links.folder and _word(links.folder, "") == shlex.quote(links.folder):
        lines.append(f"cd {shlex.quote(links.folder)}")
    names = _names([trace.path for trace in report.traces], "traces", "TRACES")
    lines += _recording(report.traces, names)
    options: list[str] = []
    if base := _names([trace.path for trace in report.base_traces], "base-traces", "BASE_TRACES"):
        lines.append("# Record the base traces in the same way, in turns with these.")
    for name in () if report.is_diff else _short(base):
        options += ["--base", name]
    baseline = report.comparison.baseline if report.comparison else ""
    if baseline:
        file = _from_folder(baseline, links)
        of_branch = None if baseline.endswith(_CHECKOUT) else _OF_BRANCH.fullmatch(baseline)
        if of_branch and clean(baseline) == baseline and len(baseline) <= _LONGEST:
            # a full reference is neither an option nor a second branch to write to
            lines.append(f"git fetch origin {shlex.quote('refs/heads/' + of_branch['branch'])}")
            lines.append(f"git show {shlex.quote('FETCH_HEAD:' + of_branch['file'])} > {_COPY}")
            file = _COPY
        options += ["--baseline", _word(file, "BASELINE")]
    if report.strict:
        options.append("--strict")
    if report.fail_on is not Severity.WARN:
        options += ["--fail-on", "never" if report.fail_on is Severity.NONE else report.fail_on.label]
    words = ["diff", *_short(base), "--", *_short(names)] if report.is_diff else ["analyze", *_short(names)]
    lines.append(" ".join(["gotracer-ci", *words, *options]))
    return "\n".join(lines)


def more(report: Report, finding: Finding) -> str:
    """Return the command that shows more about a finding, run in the report's root; "" if there is none.

    Nothing of it is text from the report but the trace's name, which is quoted.
    """
    trace = _word(report.traces[finding.trace].path, "") if finding.trace < len(report.traces) else ""
    words = _words(finding)
    return " ".join(["gotracer-ci", words[0], trace, *words[1:]]) if trace and words else ""


def accept(report: Report, finding: Finding) -> str:
    """Return the command that accepts a regression, run in the report's root; "" if there is none.

    A name that cannot be copied is a word in capitals, like the reason, which only a person knows.
    """
    found = report.verdict(finding)
    if not (found and found.flagged and report.comparison and report.comparison.baseline):
        return ""
    names = _traces(tuple([trace.path for trace in report.traces]))
    name = report.comparison.baseline
    of_branch = None if name.endswith(_CHECKOUT) else _OF_BRANCH.fullmatch(name)
    file = _word(_from_folder(of_branch["file"] if of_branch else name, report.links), "FILE")
    return " ".join(
        ["gotracer-ci analyze", *names, "--baseline", file, "--accept", finding.fingerprint, "--reason WHY"]
    )


@lru_cache(maxsize=1)
def _traces(paths: tuple[str, ...]) -> list[str]:
    """Return the words for a run's traces. A report with many of them can have many regressions, too."""
    return _short(_names(paths, "traces", "TRACES"))


def _from_folder(baseline: str, links: Links) -> str:
    """Return the path of a baseline file from the report's root. baseline: as the comparison names it."""
    path = baseline.removesuffix(_CHECKOUT)
    return path if not links.folder or path.startswith("/") else "../" * len(PurePosixPath(links.folder).parts) + path


def _words(finding: Finding) -> tuple[str, ...]:
    """Return the command's name and options, none if there is no command."""
    if finding.more is not More.GOROUTINE:
        return _TABLES[finding.more]
    if finding.goroutine <= 0 or not finding.occurrences:
        return ()
    worst = finding.occurrences[0]
    # a millisecond more on both sides shows what came before and after
    start = worst.start_ns // _MS - 1
    end = -(-(worst.start_ns + worst.duration_ns) // _MS) + 1
    window = ["--from", _time(start)] if start > 0 else []
    return ("goroutines", "--goroutine", str(finding.goroutine), *window, "--to", _time(end))


def _time(ms: int) -> str:
    """Write a time as the option takes it, without rounding: 12ms, 4.655s."""
    seconds, rest = divmod(ms, 1000)
    return f"{seconds}.{rest:03}".rstrip("0").rstrip(".") + "s" if seconds else f"{rest}ms"


def _recording(traces: Sequence[TraceSummary], names: Sequence[str]) -> list[str]:
    """Return the commands that record the traces again: of tests with go test, of other programs a comment."""
    directories = sorted({str(PurePosixPath(name).parent) for name in map(_plain, names)} - {"."})
    lines = [f"mkdir -p {' '.join(map(shlex.quote, directories))}"] if directories else []
    lines.append("# Add the flags and variables that the workflow sets.")
    for trace, name in list(zip(traces, names, strict=True))[:_NAMED]:
        package = trace.program.removesuffix(_TEST)
        if package != trace.program and _word(package, "") == shlex.quote(package):
            lines.append(f"go test -count=1 -trace={name} {shlex.quote(package)}")
        else:
            lines.append(f"# Run the program so that it writes {name}.")
    if len(traces) > _NAMED:
        lines.append(f"# {len(traces) - _NAMED} more traces in the same way.")
    return lines


def _names(paths: Sequence[str], directory: str, unknown: str) -> list[str]:
    """Return a word of shell for each trace. One outside the repository gets a name in a directory."""
    names = []
    for number, path in enumerate(paths, 1):
        word = _word(path, unknown)
        is_outside = word != unknown and (path.startswith("/") or ".." in path.split("/"))
        names.append(f"{directory}/{number}.trace" if is_outside else word)
    return names


def _short(names: Sequence[str]) -> list[str]:
    """Return the traces, or their directories if there are many."""
    if len(names) <= _NAMED:
        return list(dict.fromkeys(names))
    directories = dict.fromkeys(shlex.quote(str(PurePosixPath(_plain(name)).parent)) for name in names)
    return sorted(directories)[:_NAMED]


def _plain(word: str) -> str:
    return shlex.split(word)[0]


def _word(path: str, unknown: str) -> str:
    """Return a path as one word of shell that no program takes for an option."""
    if path in ("", "-") or clean(path) != path or len(path) > _LONGEST:
        return unknown
    return shlex.quote(f"./{path}" if path.startswith("-") else path)
