"""Settings: precedence, conflicts and error messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gotracer_ci.errors import UsageError
from gotracer_ci.findings import Severity
from gotracer_ci.settings import CONFIG_FILE, Settings, load

AS_TYPED: dict[str, Any] = {
    "traces": ("a.trace", "\udcff.trace"),
    "root": Path("repository"),
    "baseline": Path("b.json"),
    "update_baseline": True,
    "replace_baseline": True,
    "run_id": "7",
    "commit": "1a2b3c4",
    "strict": True,
    "fail_on": "error",
    "rule": ("GCAssist",),
    "skip": ("LongWait",),
    "thresholds": {"GCAssist.warn": "2ms"},
    "path_map": (("/src", "."),),
    "top": 3,
    "format": "json",
    "output": Path("o.json"),
    "outputs": {"sarif": Path("o.sarif")},
}
REFUSED = {
    "top = -1": "top: Input should be greater than or equal to 0",
    "top = 1.5": "top: Input should be a valid integer, got a number with a fractional part",
    'fail-on = "bad"': "fail-on: Input should be 'never', 'info', 'warn' or 'error'",
    'strict = "perhaps"': "strict: Input should be a valid boolean, unable to interpret input",
    'traces = ["a", 1]': "traces.1: Input should be a valid string",
    'path-map = [["a"]]': "path-map.0.1: Field required",
    '[outputs]\nyaml = "x"': "outputs.yaml.[key]: Input should be 'human', 'json', 'ndjson', 'markdown', 'sarif', "
    "'html', 'junit' or 'gitlab'",
    "fail-at = 1": "fail-at: no such setting; did you mean fail-on?",
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def test_the_defaults(tmp_path: Path) -> None:
    assert load({"root": tmp_path}) == Settings(root=tmp_path)
    assert Settings().fail_severity is Severity.WARN


def test_typed_values_equal_validated_values() -> None:
    assert load(AS_TYPED, typed=True) == load(AS_TYPED) == Settings(**AS_TYPED)


def test_text_values_are_converted(tmp_path: Path) -> None:
    settings = load({"root": str(tmp_path), "top": "5", "outputs": {"json": "x.json"}, "commit": None})
    assert settings == Settings(root=tmp_path, top=5, outputs={"json": Path("x.json")})


@pytest.mark.parametrize("typed", [False, True])
def test_given_values_override_the_file(tmp_path: Path, typed: bool) -> None:
    (tmp_path / CONFIG_FILE).parent.mkdir()
    (tmp_path / CONFIG_FILE).write_text(
        'top = 5\nfail-on = "error"\n[thresholds]\nGCAssist = {warn = "1ms", error = "9ms"}\n', encoding="utf-8"
    )
    settings = load({"root": tmp_path, "top": 2, "thresholds": {"GCAssist.warn": "2ms"}}, typed=typed)
    assert (settings.top, settings.fail_severity) == (2, Severity.ERROR)
    assert settings.thresholds == {"GCAssist.warn": "2ms", "GCAssist.error": "9ms"}


@pytest.mark.parametrize("text", REFUSED)
@pytest.mark.parametrize("typed", [False, True])
def test_an_invalid_file_is_one_line(file: Path, text: str, typed: bool) -> None:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load({}, file, typed=typed)
    assert str(caught.value) == f"{REFUSED[text]} (given on the command line, as an input, or in {file})"


@pytest.mark.parametrize("text", [r'root = "a\u0000"', r'traces = ["a\u0000"]', "[outputs]\n" r'json = "\u0000"'])
def test_a_name_with_nul_is_rejected(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"config\.toml: contains a string with a NUL"):
        load({}, file)


def test_an_invalid_value_is_rejected_without_a_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^top: Input should be greater than or equal to 0 \(given "):
        load({"root": tmp_path, "top": "-1"})


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "no such configuration file"),
        (b"\xff", "not UTF-8 at byte 0; save it as UTF-8"),
        (b"\xef\xbb\xbftop = 1", "starts with a byte order mark; save it as UTF-8 without one"),
        (b"top = " + b"[" * 100_000, "not valid TOML: its brackets are nested too deeply"),
        (b"top = " + b"9" * 5_000, "not valid TOML: it has a number with thousands of digits"),
        (b" " * 1_000_001, "exceeds the limit of 1,000,000 bytes"),
        (b"top = ", "not valid TOML: "),
    ],
)
def test_an_unreadable_file(file: Path, content: bytes | None, problem: str) -> None:
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        load({}, file, typed=True)
    assert str(caught.value).startswith(f"{file}: {problem}")


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"update_baseline": True}, "update-baseline needs baseline"),
        ({"rule": ("GCAssist", "LongWait"), "skip": ("LongWait",)}, "rule and skip both name LongWait"),
        ({"accept": (("0123456789abcdef", "why"),)}, "accept needs baseline"),
        ({"accept": (("0123456789abcdef", "why"),), "baseline": Path("b"), "update_baseline": True}, "accept needs "),
        ({"base": ("b.trace",), "baseline": Path("b"), "update_baseline": True}, "base and update-baseline cannot"),
    ],
)
@pytest.mark.parametrize("typed", [False, True])
def test_conflicting_settings_are_rejected(tmp_path: Path, given: dict[str, Any], problem: str, typed: bool) -> None:
    with pytest.raises(UsageError, match=f"^{problem}"):
        load({"root": tmp_path, **given}, typed=typed)


@pytest.mark.parametrize("typed", [False, True])
def test_the_file_and_given_values_override_defaults(tmp_path: Path, typed: bool) -> None:
    defaults = {"top": 1, "baseline": Path("b.json"), "outputs": {"json": Path("a.json"), "html": Path("a.html")}}
    alone = load({"root": tmp_path, "update_baseline": True}, defaults=defaults, typed=typed)
    assert (alone.top, alone.baseline, alone.outputs) == (1, Path("b.json"), defaults["outputs"])
    (tmp_path / CONFIG_FILE).parent.mkdir()
    (tmp_path / CONFIG_FILE).write_text('top = 2\n[outputs]\njson = "b.json"\n', encoding="utf-8")
    both = load({"root": tmp_path, "top": 3}, defaults=defaults, typed=typed)
    assert (both.top, both.outputs) == (3, {"json": Path("b.json"), "html": Path("a.html")})
