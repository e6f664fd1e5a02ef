"""Parse durations, headers and files of certificates as users name them: "1m30s", "X-Team: shop"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from gotracer_ci.errors import FileError, UsageError

_SECONDS = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_NUMBER = r"[0-9]{1,12}(?:\.[0-9]{1,9})?"
_DURATION = re.compile(rf"(?:{_NUMBER}(?:ms|s|m|h))+")
_LONGEST_S = 366 * 86400
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]+")


def seconds(option: str, text: str) -> float:
    """Return the seconds of a duration as Go writes it ("1m30s", "500ms"), or of a plain number of seconds.

    Raises:
        UsageError: it is not a duration, zero, or longer than a year.
    """
    value = 0.0
    if re.fullmatch(_NUMBER, text):
        value = float(text)
    elif _DURATION.fullmatch(text):
        value = sum(float(number) * _SECONDS[unit] for number, unit in re.findall(rf"({_NUMBER})(ms|s|m|h)", text))
    if not 0 < value <= _LONGEST_S:
        raise UsageError(f"{option} {text}: not a duration; write for example {option} 5s")
    return value


def headers(option: str, lines: Iterable[str]) -> dict[str, str]:
    """Return the headers of lines such as "Authorization: Bearer TOKEN". A later line overrides an earlier one.

    Raises:
        UsageError: a line is not a header. The message omits the line, because it may contain a token.
    """
    found: dict[str, tuple[str, str]] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        value = value.strip()
        if not (colon and _NAME.fullmatch(name) and _VALUE.fullmatch(value)):
            raise UsageError(f"{option}: not a header; write it as 'NAME: VALUE', for example 'X-Team: shop'")
        found[name.lower()] = (name, value)
    return dict(found.values())


def authority(file: Path) -> str:
    """Return the name of a file with certificates to trust.

    Raises:
        FileError: it cannot be read, or has no certificate.
    """
    import ssl

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
    except ssl.SSLError:
        raise FileError(file, "contains no certificate", "name a PEM file with the CA's certificate") from None
    except OSError as error:
        raise FileError(file, f"cannot be read: {error.strerror}") from None
    return str(file)
