"""The command: files, gzip, streams, and what it refuses."""

from __future__ import annotations

import gzip
from pathlib import Path

from tests.conftest import Run, complaints, path_of

LEAK = path_of("leak-go1.27")


def test_a_file_is_written_gzipped_if_its_name_says_so(run: Run, tmp_path: Path) -> None:
    assert run("anonymise", LEAK, "-o", "new.trace").stderr == b"wrote new.trace\n"
    assert run("anonymise", LEAK, "-o", "new.trace.gz").stderr == b"wrote new.trace.gz\n"
    assert gzip.decompress((tmp_path / "new.trace.gz").read_bytes()) == (tmp_path / "new.trace").read_bytes()


def test_streams(run: Run, tmp_path: Path) -> None:
    done = run("anonymise", "-", "-o", "-", stdin=gzip.compress(Path(LEAK).read_bytes()))
    run("anonymise", LEAK, "-o", "new.trace")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == (tmp_path / "new.trace").read_bytes()


def test_a_damaged_trace_is_written_as_far_as_it_can_be_read(run: Run, tmp_path: Path) -> None:
    data = Path(path_of("generations-go1.26")).read_bytes()
    (tmp_path / "half.trace").write_bytes(data[: len(data) // 2])
    done = run("anonymise", "half.trace", "-o", "new.trace")
    assert done.returncode == 2
    wrote, problem = done.stderr.decode().splitlines()
    assert wrote == "wrote new.trace"
    assert problem.startswith("gotracer-ci: half.trace: the trace is truncated")
    assert len(data) // 3 < (tmp_path / "new.trace").stat().st_size < len(data)


def test_an_older_trace_that_is_truncated_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "half.trace").write_bytes(Path(path_of("tour-go1.19")).read_bytes()[:5000])
    done = run("anonymise", "half.trace", "-o", "new.trace")
    assert done.returncode == 2
    assert complaints(done)[0].startswith("half.trace: ")
    assert not (tmp_path / "new.trace").exists()


def test_the_trace_itself_is_not_overwritten(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.trace").write_bytes(Path(LEAK).read_bytes())
    done = run("anonymise", "a.trace", "-o", tmp_path / "a.trace")
    assert done.returncode == 2
    assert complaints(done) == [f"--output {tmp_path / 'a.trace'}: this is the trace itself; name another file"]
    assert (tmp_path / "a.trace").read_bytes() == Path(LEAK).read_bytes()


def test_a_link_is_replaced_and_not_followed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("kept", encoding="utf-8")
    (tmp_path / "new.trace").symlink_to("kept")
    assert run("anonymise", LEAK, "-o", "new.trace").returncode == 0
    assert (tmp_path / "kept").read_text(encoding="utf-8") == "kept"
    assert not (tmp_path / "new.trace").is_symlink()


def test_without_an_output_nothing_is_read(run: Run) -> None:
    done = run("anonymise", LEAK)
    assert done.returncode == 2
    assert "--output" in complaints(done)[0]
