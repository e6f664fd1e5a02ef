"""A Dask cluster reads the traces of a run, with the same results as this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from gotracer_ci import __version__, pipeline
from gotracer_ci.cluster import connection
from gotracer_ci.cluster import run as running
from gotracer_ci.cluster.worker import Common, Refused, Work, identity, measure, packed, unpacked
from gotracer_ci.errors import UsageError
from gotracer_ci.pipeline import Outcome
from gotracer_ci.reading import Read, Task
from gotracer_ci.remote import stores
from gotracer_ci.report.formats import render
from gotracer_ci.rules.registry import all_rules
from gotracer_ci.settings import Settings, load
from gotracer_ci.source.repository import Repository
from tests.cluster.conftest import Scheduler
from tests.conftest import PROGRAMS, Run, complaints, path_of
from tests.remote.server import Server
from tests.variants import variant

NAMES = ("tour-go1.27", "generations-go1.26", "waitgroup-go1.26")


def analyzed(traces: list[str], executor: str = "", watch: pipeline.Watch | None = None, **more: object) -> Outcome:
    settings = load({"traces": tuple(traces), "root": PROGRAMS, "executor": executor, **more}, typed=True)
    return pipeline.run(settings, watch)


def content(outcome: Outcome) -> tuple[str, list[str], int]:
    """Return all that a run says: its report, its problems and its exit code."""
    return render("json", outcome.report), [str(error) for error in outcome.errors], outcome.exit_code


@pytest.fixture
def few(tmp_path: Path) -> list[str]:
    """Traces, a damaged one, and one that is none."""
    half, other = tmp_path / "half.trace", tmp_path / "other.trace"
    half.write_bytes(Path(path_of("tour-go1.25")).read_bytes()[:9000])
    other.write_bytes(b"hello")
    return [path_of(NAMES[0]), str(half), path_of(NAMES[1]), str(other), path_of(NAMES[2])]


def test_schedulers_that_are_none(
    scheduler: Scheduler, few: list[str], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One without workers, a port at which nothing listens, a server that never answers, and no extra."""
    monkeypatch.setattr(connection, "_WORKERS_S", 0.5)
    monkeypatch.setattr(connection, "CONNECT_S", 1)
    start = f"start some with: dask worker {scheduler.address.removeprefix('tcp://')}"
    with pytest.raises(UsageError, match=f"the cluster has no workers; {start}"):
        analyzed(few, scheduler.url)
    server = Server(b"")
    for _ in range(2):
        with pytest.raises(UsageError, match="no Dask scheduler answers within 1 s; start one with: dask scheduler"):
            analyzed(few, f"dask://{server.host}")
        server.close()
    (tmp_path / "dask.py").write_text("raise ImportError", encoding="utf-8")
    path = f"{tmp_path}:{Path(running.__file__).parents[2]}"
    done = run("analyze", *few, "--executor", scheduler.url, PYTHONPATH=path)
    assert complaints(done) == ["--executor: install the extra: pip install 'gotracer-ci[dask]'"]


def test_without_any_worker_left_the_rest_is_named(
    scheduler: Scheduler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The results that arrived stand."""
    monkeypatch.setattr(running, "_PATIENCE", 2)
    monkeypatch.setattr(running, "_TICK_S", 0.2)
    monkeypatch.setattr(running, "_GATHER_S", 1)
    traces = [str(tmp_path / f"{number:02}.trace") for number in range(30)]
    for number, trace in enumerate(traces):
        Path(trace).write_bytes(variant(Path(path_of(NAMES[0])).read_bytes(), number))
    only = scheduler.worker()

    def kill(number: int, _of: int, _seen: object) -> None:
        if number == 10:
            only.kill()

    outcome = analyzed(traces, scheduler.url, kill)
    assert outcome.exit_code == 2
    lost = [str(error) for error in outcome.errors]
    assert 0 < len(lost) <= 20
    assert {line.partition(": ")[2] for line in lost} == {"the cluster has no worker left to read it"}
    assert sum(trace.events > 0 for trace in outcome.report.traces) == len(traces) - len(lost)


def test_100_traces_and_a_worker_that_is_killed(scheduler: Scheduler, tmp_path: Path) -> None:
    """The report has the same bytes as without a cluster. The progress counts all."""
    data = [Path(path_of(name)).read_bytes() for name in NAMES]
    traces = [tmp_path / f"{number:03}.trace" for number in range(100)]
    for number, trace in enumerate(traces):
        trace.write_bytes(variant(data[number % len(data)], number))
    names = list(map(str, traces))
    _, second = scheduler.worker(), scheduler.worker()
    seen: list[int] = []

    def kill(number: int, of: int, _seen: object) -> None:
        assert of == len(traces)
        seen.append(number)
        if number == len(traces) // 2:
            second.kill()

    alone = content(analyzed(names))
    assert content(analyzed(names, scheduler.url, kill)) == alone
    assert seen == list(range(1, len(traces) + 1))
    assert second.wait() == -9


def test_the_command_prints_only_its_own_lines(cluster: str, few: list[str], run: Run) -> None:
    """The tables, the pictures and the exit code are those of one process, too."""
    options = (*few, "-", "--root", PROGRAMS, "-f", "json", "--with", "tables", "--html", "r.html")
    done = []
    for more in ((), ("--executor", cluster)):
        done.append(run("analyze", *options, *more, stdin=Path(path_of("tour-go1.22")).read_bytes()))
    here, there = done
    assert complaints(there) == complaints(here)
    assert [line.partition(": ")[0] for line in complaints(there)] == [few[1], few[3]]
    assert (there.returncode, there.stdout) == (here.returncode, here.stdout)


def test_files_that_workers_do_not_see(cluster: str, few: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """They are sent, or read here if they are larger than what is sent. Here the workers see other files."""
    alone = content(analyzed(few))
    monkeypatch.setattr(running, "identity", lambda path: identity(path)._replace(changed_ns=1))
    for most in (running.MAX_SENT, 20_000, 0):
        monkeypatch.setattr(running, "MAX_SENT", most)
        assert content(analyzed(few, cluster)) == alone


def test_workers_fetch_remote_traces(cluster: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process does not. A lost one costs only itself."""
    server = Server(Path(path_of(NAMES[0])).read_bytes())
    names = [f"{server.url}/plain/a.trace?key=s3cr3t", f"{server.url}/status/404/b.trace", path_of(NAMES[1])]
    alone = content(analyzed(names))
    monkeypatch.setattr(stores, "Stream", None)
    there = content(analyzed(names, cluster))
    server.close()
    assert there == alone
    assert there[1] == [f"{server.url}/status/404/b.trace: cannot be read: no such file"]
    assert "s3cr3t" not in there[0]


def test_workers_that_cannot_read_traces(shared: Scheduler, cluster: str, few: list[str], tmp_path: Path) -> None:
    """Each is named, although another one can."""
    for preload, problem in (
        ("import sys; sys.modules['gotracer_ci'] = None", "has no gotracer-ci; install gotracer-ci[dask] "),
        ("import gotracer_ci; gotracer_ci.__version__ = '0.0.9'", "has gotracer-ci 0.0.9; install "),
        ("import platform; platform.python_version_tuple = lambda: ('3', '9', '1')", "has Python 3.9; use "),
    ):
        file = tmp_path / "first.py"
        file.write_text(preload, encoding="utf-8")
        worker = shared.worker(str(file))
        with pytest.raises(UsageError) as caught:
            analyzed(few, cluster)
        worker.kill()
        worker.wait()
        assert str(caught.value).startswith(f"{cluster}: tcp://127.0.0.1:")
        assert problem in str(caught.value)


@pytest.mark.parametrize("value", ["dask://host", "host:8786", "dask://:1", "dask://u:p@host:1/x", "ray://host:1"])
def test_addresses_that_are_none(value: str) -> None:
    with pytest.raises(UsageError, match="executor: not the address of a Dask scheduler; write dask://HOST:PORT"):
        Settings(executor=value)


def test_the_configuration_file_names_the_cluster(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('executor = "dask://host:8786"\n', encoding="utf-8")
    assert load({}, file).executor == "dask://host:8786"
    with pytest.raises(UsageError, match="executor and jobs cannot be used together"):
        load({"jobs": 2}, file)


def test_a_worker_that_joins_later_has_the_same_version_and_rules(few: list[str]) -> None:
    """Otherwise it reads nothing."""
    task = Task(few[0], few[0], is_base=False, has_detail=False, log=None)
    known = Common(__version__, Settings(), Repository.scan(PROGRAMS), tuple(rule.name for rule in all_rules()))
    work = packed(Work(task, few[0], identity(few[0])))
    assert isinstance(unpacked(measure(work, packed(known))), Read)
    for other, problem in (
        (known._replace(version="0.0.9"), f"the worker has gotracer-ci {__version__}; install 0.0.9 there, as here"),
        (known._replace(rules=(*known.rules, "Own")), "the worker has other rules: Own"),
    ):
        assert unpacked(measure(work, packed(other))) == Refused(problem=problem)
