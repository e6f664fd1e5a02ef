"""Captures from real services that work: every form of address, TLS, tokens, files and formats."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest

from tests.capture.conftest import RECORDED, TOKEN, Service
from tests.conftest import Done, Run, complaints

NAME = r"gotracer_20\d{6}_\d{6}(_\d+)?"


def traces(directory: Path) -> list[Path]:
    return sorted(directory.glob("*.trace"))


def told(done: Done) -> list[str]:
    """Return the lines of stderr."""
    return done.stderr.decode().splitlines()


@pytest.mark.parametrize(
    "address",
    [
        "localhost:{port}",
        ":{port}",
        "http://127.0.0.1:{port}/",
        "127.0.0.1:{port}/debug/pprof",
        "http://127.0.0.1:{port}/debug/pprof/trace",
        "127.0.0.1:{port}/shop",
        "127.0.0.1:{port}/custom/",
        "127.0.0.1:{port}/record",
        "unix:{socket}",
        "unix://{socket}:/shop/debug/pprof/",
    ],
)
def test_every_form_of_address_records_a_new_trace(service: Service, run: Run, tmp_path: Path, address: str) -> None:
    text = address.format(port=service.port, socket=service.socket)
    done = run("capture", text, "--duration", "200ms", "-f", "json")
    assert done.returncode == 1, done.stderr
    (kept,) = traces(tmp_path)
    report = json.loads(done.stdout)
    assert [trace["path"] for trace in report["traces"]] == [kept.name]
    assert report["traces"][0]["duration_ns"] > 150e6
    assert "MutexContention" in {finding["key"]["rule"] for finding in report["findings"]}


def test_a_capture_is_analyzed_like_a_file(service: Service, run: Run, tmp_path: Path) -> None:
    """The kept trace has every byte, and all options of analyze apply."""
    options = ("--rule", "MutexContention", "--set", "MutexContention.warn=5ms", "--top", "0", "--markdown", "r.md")
    done = run("capture", service.at("/file"), "--keep", "new/x.trace", *options)
    kept = tmp_path / "new" / "x.trace"
    assert kept.read_bytes() == RECORDED
    markdown = (tmp_path / "r.md").read_bytes()
    again = run("analyze", kept, *options)
    assert (done.returncode, done.stdout, markdown) == (1, again.stdout, (tmp_path / "r.md").read_bytes())
    assert told(done) == [f"capturing 5 s from http://{service.at('/file')}", "kept new/x.trace (13.3 kB)"]


def test_gotracers_form_writes_its_html_report(service: Service, run: Run, tmp_path: Path) -> None:
    """`open $(gotracer-ci capture --url URL)` opens the report, with --format html and without."""
    url = f"http://{service.at('/debug/pprof/trace')}"
    for options in (("--duration", "300ms"), ("--duration", "300ms", "--format", "html")):
        done = run("capture", "--url", url, *options)
        assert done.returncode == 1
        name = done.stdout.decode().removesuffix("\n")
        assert re.fullmatch(rf"{NAME}\.html", name)
        assert "MutexContention" in (tmp_path / name).read_text(encoding="utf-8")
    named = run("capture", "--url", url, "--duration", "300ms", "--format", "html", "--output", "report.html")
    assert named.stdout == b"report.html\n"
    assert json.loads(run("capture", "--url", url, "--duration", "300ms", "-f", "json").stdout)["traces"]


def test_captures_of_the_same_second_are_all_kept(service: Service, run: Run, tmp_path: Path) -> None:
    for _ in range(4):
        run("capture", service.at("/file"))
    assert [path.read_bytes() for path in traces(tmp_path)] == [RECORDED] * 4
    assert all(re.fullmatch(rf"{NAME}\.trace", path.name) for path in traces(tmp_path))


def test_a_private_ca(service: Service, run: Run, tmp_path: Path) -> None:
    url = f"https://127.0.0.1:{service.secure_port}/file"
    for options in (("--ca", str(service.ca)), ("--insecure",)):
        done = run("capture", url, *options)
        assert done.returncode == 1, done.stderr
        assert complaints_of(done) == []
    assert run("capture", url, SSL_CERT_FILE=str(service.ca)).returncode == 1
    untrusted = run("capture", url)
    assert untrusted.returncode == 2
    (line,) = complaints_of(untrusted)
    assert "the certificate is not trusted: " in line
    assert line.endswith("; name its CA with --ca FILE")
    assert len(traces(tmp_path)) == 3


def complaints_of(done: Done) -> list[str]:
    """Return what the command complains about."""
    lines = [line for line in told(done) if not line.startswith(("capturing ", "kept "))]
    return complaints(done.__class__(done.args, done.returncode, done.stdout, "\n".join(lines).encode()))


def test_a_token_in_a_header(service: Service, run: Run) -> None:
    """From an option or from the environment, whose headers an option overrides."""
    right, wrong = f"Authorization: Bearer {TOKEN}", "Authorization: Bearer wrong"
    address = service.at("/token")
    assert run("capture", address, "--header", right).returncode == 1
    assert run("capture", address, GOTRACER_CI_HEADERS=f"X-Team: shop\n{right}\n").returncode == 1
    assert run("capture", address, "--header", right, GOTRACER_CI_HEADERS=wrong).returncode == 1
    assert run("capture", address, "--header", wrong, GOTRACER_CI_HEADERS=right).returncode == 2
    assert run("capture", address, "--header", "X-Team: shop", GOTRACER_CI_HEADERS=right).returncode == 1


def test_credentials_in_the_address(service: Service, run: Run) -> None:
    done = run("capture", f"http://ops:pa55word@{service.at('/token')}", "-f", "json")
    assert done.returncode == 1
    assert b"pa55word" not in done.stdout + done.stderr


def test_no_secret_is_shown(service: Service, run: Run, tmp_path: Path) -> None:
    """Neither in a report nor when the service repeats it in an error."""
    done = run("capture", service.at("/token"), "--html", "r.html", "-f", "json", GOTRACER_CI_HEADERS=f"A: {TOKEN}")
    assert done.returncode == 2
    header = f"Authorization: Bearer {TOKEN}"
    done = run("capture", service.at("/token"), "--html", "r.html", "-f", "json", "--header", header)
    assert TOKEN not in done.stdout.decode() + done.stderr.decode() + (tmp_path / "r.html").read_text()
    wrong = run("capture", service.at("/token"), "--header", "Authorization: Bearer wr0ng-token")
    assert "401 Unauthorized: not a valid token: ***; check the headers that you pass" in wrong.stderr.decode()
    repeated = run("capture", service.at("/query/trace?key=s3cretkey"))
    assert "key=***&seconds=5 from gotracer-ci/" in repeated.stderr.decode()


def test_netrc_and_proxies_do_not_interfere(service: Service, run: Run, tmp_path: Path) -> None:
    """.netrc does not replace the header, and no proxy is asked for this machine."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login ops password wrong\n")
    (tmp_path / ".netrc").chmod(0o600)
    header = f"Authorization: Bearer {TOKEN}"
    done = run("capture", service.at("/token"), "--header", header, http_proxy="http://127.0.0.1:1")
    assert done.returncode == 1, done.stderr


def test_a_redirect_on_the_same_host_is_followed(service: Service, run: Run) -> None:
    done = run("capture", service.at("/moved"), "--header", f"Authorization: Bearer {TOKEN}")
    assert done.returncode == 1


def test_the_duration(service: Service, run: Run) -> None:
    """An option overrides the seconds of the URL, which override the default."""
    for address, options, seconds in (
        ("/query/trace", (), "5"),
        ("/query/trace?seconds=3", (), "3"),
        ("/query/trace?seconds=3", ("--duration", "1m30s"), "90"),
        ("/query/trace", ("--duration", "250ms"), "0.25"),
    ):
        done = run("capture", service.at(address), *options)
        assert f" seconds={seconds} from" in done.stderr.decode()


def test_a_snapshot_of_the_flight_recorder(service: Service, run: Run, tmp_path: Path) -> None:
    done = run("capture", "--flight-recorder", service.at("/snapshot"), "-f", "json")
    assert done.returncode in (0, 1)
    assert told(done)[0] == f"capturing a snapshot from http://{service.at('/snapshot')}"
    assert json.loads(done.stdout)["traces"][0]["events"] > 0
    assert len(traces(tmp_path)) == 1


def test_a_slow_service(service: Service, run: Run, tmp_path: Path) -> None:
    done = run("capture", service.at("/slow"), "--duration", "200ms")
    assert done.returncode == 1
    assert [path.read_bytes() for path in traces(tmp_path)] == [RECORDED]


def test_a_service_that_compresses_its_responses(service: Service, run: Run, tmp_path: Path) -> None:
    done = run("capture", service.at("/gzip"), "--keep", "x.trace")
    assert done.returncode == 1
    assert gzip.decompress((tmp_path / "x.trace").read_bytes()) == RECORDED
