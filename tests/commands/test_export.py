"""`gotracer-ci export`: names of files, parts of traces, and wrong usage."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import click
import pytest

from gotracer_ci.commands.export import command
from tests.conftest import ROOT, Run, complaints, path_of

TRACE = path_of("annotations-go1.26")
PAGE = ROOT / "docs/export.md"


@pytest.mark.parametrize(("form", "suffix"), [("perfetto", ".perfetto-trace"), ("chrome", ".json")])
def test_the_file_is_named_after_the_trace_and_gzipped_by_name(
    form: str, suffix: str, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "a.out.gz").write_bytes(gzip.compress(Path(TRACE).read_bytes()))
    done = run("export", "a.out.gz", "--to", form)
    assert (done.returncode, done.stdout, done.stderr.decode()) == (0, b"", f"wrote a{suffix}\n")
    data = (tmp_path / f"a{suffix}").read_bytes()
    assert run("export", TRACE, "--to", form, "-o", f"b{suffix}.gz").returncode == 0
    assert gzip.decompress((tmp_path / f"b{suffix}.gz").read_bytes()) == data
    piped = run("export", "-", "--to", form, "-o", "-", stdin=Path(TRACE).read_bytes())
    assert (piped.returncode, piped.stdout, piped.stderr) == (0, data, b"")


def names(run: Run, *options: str, trace: str = TRACE) -> list[tuple[str, float, float]]:
    """Return the names of goroutines' slices, and their times, in µs."""
    done = run("export", trace, "--to", "chrome", "-o", "-", *options)
    assert (done.returncode, done.stderr) == (0, b"")
    events = json.loads(done.stdout)["traceEvents"]
    tracks = {
        (event["pid"], event["tid"]): event["args"]["name"] for event in events if event.get("name") == "thread_name"
    }
    return [
        (tracks[event["pid"], event["tid"]], event["ts"], event["ts"] + event["dur"])
        for event in events
        if event["ph"] == "X" and event["pid"] == 1
    ]


def test_a_window_cuts_what_is_longer(run: Run) -> None:
    found = names(run, "--window", "10ms-20ms")
    assert min(start for _, start, _ in found) == 10_000
    assert max(end for _, _, end in found) == 20_000
    assert found == names(run, "--around", "15ms±5ms") == names(run, "--around", "15ms+-5ms")


def test_a_goroutine_and_a_task_come_with_what_woke_them(run: Run) -> None:
    """Against what the events say."""
    done = run("events", TRACE, "--as", "jsonl")
    wakers: dict[int, set[int]] = {}
    of_task: set[int] = set()
    times = []
    for event in map(json.loads, done.stdout.splitlines()):
        is_wake = event.get("to") == "Runnable" and event.get("from") in ("Waiting", "NotExist")
        if is_wake and event["goroutine"] is not None:
            wakers.setdefault(event["id"], set()).add(event["goroutine"])
        if event.get("task") == 2:
            of_task.add(event["goroutine"])
            times += [event["time_ns"] / 1000] if event["kind"].startswith("Task") else []
    first = wakers.get(1, set())
    expected = {1, *first, *(g for each in first for g in wakers.get(each, ()))}
    assert {int(name.split()[0][1:]) for name, _, _ in names(run, "--goroutine", "1")} == expected
    assert 1 < len(expected) < len(wakers) + 1
    found = names(run, "--task", "2")
    assert of_task <= {int(name.split()[0][1:]) for name, _, _ in found}
    assert [min(start for _, start, _ in found), max(end for _, _, end in found)] == times


def test_a_finding_is_shown_with_what_is_around_it(run: Run) -> None:
    trace = path_of("lockwait-go1.27")
    report = json.loads(run("analyze", trace, "-f", "json").stdout)
    worst = report["findings"][0]
    (occurrence,) = [one for one in worst["occurrences"] if one["start_ns"] == worst["timestamp_ns"]]
    start, length = occurrence["start_ns"] / 1000, occurrence["duration_ns"] / 1000
    found = names(run, "--around", worst["fingerprint"] + "±2ms", trace=trace)
    last = max(end for _, _, end in names(run, trace=trace))
    assert min(start for _, start, _ in found) == pytest.approx(max(start - 2000, 0))
    assert max(end for _, _, end in found) == pytest.approx(min(start + length + 2000, last))


def test_every_finding_of_a_report_can_be_shown(run: Run, tmp_path: Path) -> None:
    """Also one that only a configuration has, or that only a comparison flags."""
    base, trace = path_of("service-go1.27"), path_of("service-lock-go1.27")
    (tmp_path / "limits.toml").write_text(
        '[[objective]]\nwait = "chan *"\nmax = "1ms"\n[thresholds.LongWait]\ninfo = "1ms"\n', encoding="utf-8"
    )
    options = ["--config", "limits.toml", "--root", ROOT]
    report = json.loads(run("diff", base, trace, "-f", "json", *options).stdout)
    found = {one["fingerprint"]: one for one in report["findings"]}
    assert {"Objective", "LongWait", "MutexContention"} <= {one["key"]["rule"] for one in found.values()}
    for fingerprint, finding in found.items():
        done = run("export", trace, "--to", "perfetto", "-o", "-", "--around", fingerprint, *options)
        has_time = finding["occurrences"] or finding["timestamp_ns"]
        assert done.returncode == (0 if has_time else 2), (finding["key"], done.stderr)
        assert has_time or b"is about the whole trace" in done.stderr


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--config", "x.toml"], "--config: it says where findings are: give it with --around FINGERPRINT"),
        (["--window", "2ms-1ms"], "'2ms-1ms' is not two times such as 1.2s-1.5s"),
        (["--window", "1ms-2ms", "--task", "2"], "--window, --around, --task: give one of them"),
        (["--goroutine", "1", "--task", "2"], "--goroutine, --task: give one of them"),
        (["--goroutine", "4711"], "--goroutine 4711: the trace has no goroutine with this ID"),
        (["--task", "4711"], "--task 4711: the trace has no task with this ID; gotracer-ci tasks --each lists them"),
        (["--around", "noon"], "--around noon: write a time as 1.5s±10ms, or a finding's fingerprint"),
        (["--around", "noon±1ms"], "--around: 'noon' is not a time such as 300ms or 1.5s"),
        (["--around", "0123456789abcdef"], "--around 0123456789abcdef: gotracer-ci analyze finds nothing with this"),
    ],
)
def test_wrong_usage_is_one_line(options: list[str], problem: str, run: Run, tmp_path: Path) -> None:
    done = run("export", TRACE, "--to", "perfetto", *options)
    (line,) = complaints(done)
    assert done.returncode == 2
    assert problem in line
    assert not list(tmp_path.iterdir())


def test_what_comes_before_the_damage_is_written(run: Run, tmp_path: Path) -> None:
    data = Path(path_of("generations-go1.26")).read_bytes()
    (tmp_path / "cut.trace").write_bytes(data[: len(data) * 2 // 3])
    done = run("export", "cut.trace", "--to", "chrome")
    assert done.returncode == 2
    assert b"cut.trace" in done.stderr.splitlines()[-1]
    assert json.loads((tmp_path / "cut.json").read_bytes())["traceEvents"]


def test_the_page_names_all_options_and_true_sizes(run: Run) -> None:
    page = PAGE.read_text(encoding="utf-8")
    options = re.findall(
        r"(?<![\w-])--?[a-z][a-z-]*", " ".join(re.findall(r"`[^`]+`", page.partition("## Options")[2]))
    )
    known = {name for option in command.params if isinstance(option, click.Option) for name in option.opts}
    assert set(options) >= known
    for trace in re.findall(r"^\| (testdata/\S+) \|", page, re.MULTILINE):
        assert sizes(trace, run) in page


def sizes(trace: str, run: Run) -> str:
    """Return a row of the table of sizes."""
    cells = [size((ROOT / trace).stat().st_size)]
    for form in ("perfetto", "chrome"):
        data = run("export", ROOT / trace, "--to", form, "-o", "-").stdout
        cells.append(size(len(data)))
    return f"| {trace} | {' | '.join(cells)} |"


def size(number: int) -> str:
    return f"{number / 1000:.0f} kB"
