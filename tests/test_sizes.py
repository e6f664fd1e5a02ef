"""Sizes as users write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from gotracer_ci.errors import UsageError
from gotracer_ci.settings import load
from gotracer_ci.sizes import bytes_of


@pytest.mark.parametrize(
    ("text", "size"), [("500MB", 500_000_000), ("1.5kB", 1500), ("2GiB", 2 << 30), ("1000", 1000), ("7 b", 7)]
)
def test_sizes(text: str, size: int) -> None:
    assert bytes_of("--max-size", text, example="500MB") == size


@pytest.mark.parametrize("text", ["", "0", "-1", "1XB", "MB", "9" * 400])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(UsageError, match="--max-size"):
        bytes_of("--max-size", text, example="500MB")


def test_the_configuration_file_has_sizes_as_on_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    for text, size in (('"500kB"', 500_000), ("0", 0), ('"0"', 0)):
        file.write_text(f"html-size = {text}")
        assert load({}, file).html_size == size
    file.write_text('html-size = "3XB"')
    with pytest.raises(UsageError, match=r'html-size 3XB: not a size; write for example .*html-size "3MB"'):
        load({}, file)
