"""How commands read the command line: options are given once, and a misspelt word gets a suggestion."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from gotracer_ci.errors import UsageError
from gotracer_ci.spelling import did_you_mean

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_PART = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)(ns|us|µs|ms|s|m|h)")
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9:]{8})(?:\.([0-9]{1,9}))?([Zz]|[+-][0-9]{2}:[0-9]{2})")
_LONGEST_NS = 366 * 86_400 * 10**9

FILE = click.Path(path_type=Path, readable=False)
"""The type of a file's name, which shells complete. Whether the file can be read or written is checked where it is."""


class Choice(click.Choice[str]):
    """One of several words."""

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> str:
        words = [str(word) for word in self.choices]
        if value in words:
            return str(value)
        known = ", ".join(words)
        problem = f"{str(value)!r} is not one of {known}{did_you_mean(str(value), words)}"
        raise click.BadParameter(problem, context, parameter)


class Command(click.Command):
    """A command that takes each option once, unless it is repeatable.

    A number that an option may have but does not need is never taken from what follows, such as a trace's name.
    """

    def parse_args(self, context: click.Context, arguments: list[str]) -> list[str]:
        arguments = self._filled(arguments)
        if not context.resilient_parsing:
            _, _, given = self.make_parser(context).parse_args(list(arguments))
            for option in given:
                is_single = isinstance(option, click.Option) and not (option.multiple or option.is_flag)
                if is_single and given.count(option) > 1:
                    raise UsageError(f"{option.opts[-1]}: given {given.count(option)} times, but it takes one value")
        return super().parse_args(context, arguments)

    def _filled(self, arguments: Sequence[str]) -> list[str]:
        """Return the arguments with the values of options that stand without their number."""
        values = {
            name: option.flag_value
            for option in self.params
            if isinstance(option, click.Option) and not option.is_flag and isinstance(option.flag_value, int)
            for name in option.opts
        }
        following = [*arguments[1:], ""]
        end = arguments.index("--") if "--" in arguments else len(arguments)
        return [
            f"{word}={values[word]}" if i < end and word in values and not after.isdecimal() else word
            for i, (word, after) in enumerate(zip(arguments, following, strict=False))
        ]


class CommandGroup(click.Group):
    """A group of such commands."""

    command_class = Command

    def resolve_command(
        self, context: click.Context, arguments: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = arguments[0]
        if not name.startswith("-") and not context.resilient_parsing and self.get_command(context, name) is None:
            raise UsageError(self.unknown(context, arguments))
        return super().resolve_command(context, arguments)

    def unknown(self, context: click.Context, arguments: Sequence[str]) -> str:
        """Return the error for arguments that do not begin with a command."""
        name, known = arguments[0], self.list_commands(context)
        return f"no such command: {name}" + (did_you_mean(name, known) or f"; there are {', '.join(known)}")


def pair(option: str, text: str) -> tuple[str, str]:
    """Return the name and the value of an option that is written NAME=VALUE."""
    before, sign, after = text.partition("=")
    if not (before and sign and after):
        raise UsageError(f"{option} {text}: write it as NAME=VALUE")
    return before, after


def nanoseconds(context: click.Context, parameter: click.Parameter, text: str | None) -> int | None:
    """Return a length of time that is written as in Go, such as 300ms, 1.5s or 1m30s: an option's callback."""
    if text is None:
        return None
    parts = _PART.findall(text)
    time = sum(_billionths(number) * _UNITS[unit] for number, unit in parts) // 10**9
    if not parts or "".join(f"{number}{unit}" for number, unit in parts) != text or time > _LONGEST_NS:
        raise click.BadParameter(f"{text!r} is not a time such as 300ms or 1.5s", context, parameter)
    return time


def _billionths(number: str) -> int:
    whole, _, fraction = number.partition(".")
    return int(whole + fraction.ljust(9, "0"))


class WallTime(NamedTuple):
    """A time on the wall clock, ns since 1970."""

    ns: int


def moment(context: click.Context, parameter: click.Parameter, text: str | None) -> int | WallTime | None:
    """Return a time from a trace's start in ns, or one on the wall clock if it is written as in RFC 3339."""
    found = _DATE.fullmatch(text or "")
    if found is None:
        return nanoseconds(context, parameter, text)
    from datetime import datetime

    date, time, fraction, zone = found.groups(default="")
    try:
        seconds = int(datetime.fromisoformat(f"{date}T{time}{zone.upper()}").timestamp())
    except (ValueError, OverflowError):
        raise click.BadParameter(f"{text!r} is not a time such as 2026-11-26T23:05:01Z", context, parameter) from None
    return WallTime(seconds * 10**9 + int(fraction.ljust(9, "0")))


def html_size(_context: click.Context, _parameter: click.Parameter, text: str | None) -> int | None:
    """Return the bytes of a size such as 3MB; 0 is allowed."""
    from gotracer_ci.sizes import bytes_of

    return None if text is None else bytes_of("--html-size", text, example="3MB", least=0)


def part(context: click.Context, parameter: click.Parameter, text: str | None) -> tuple[int, int] | None:
    """Return two times from a trace's start, written as 1.2s-1.5s, in ns."""
    if text is None:
        return None
    first, _, last = text.partition("-")
    if first and last:
        start, end = nanoseconds(context, parameter, first), nanoseconds(context, parameter, last)
        if start is not None and end is not None and start < end:
            return start, end
    raise click.BadParameter(f"{text!r} is not two times such as 1.2s-1.5s", context, parameter)


def file_names(_context: click.Context, _parameter: click.Parameter, start: str) -> list[CompletionItem]:
    """Let the shell complete file names."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(start, type="file")]


def rule_names(_context: click.Context, _parameter: click.Parameter, start: str) -> list[CompletionItem]:
    """Complete the names of rules."""
    from click.shell_completion import CompletionItem

    from gotracer_ci.rules.registry import all_rules

    return [CompletionItem(rule.name, help=rule.info.summary) for rule in all_rules() if rule.name.startswith(start)]
