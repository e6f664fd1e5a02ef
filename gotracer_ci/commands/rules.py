"""`gotracer-ci rules`."""

from __future__ import annotations

import click

from gotracer_ci.commands.output import print_lines
from gotracer_ci.commands.usage import Command, rule_names


@click.command(cls=Command)
@click.argument("name", required=False, shell_complete=rule_names)
def command(name: str | None) -> None:
    """List the rules, or explain one.

    \b
    Example:
      gotracer-ci rules MutexContention
    """
    from gotracer_ci.rules.registry import all_rules, unknown
    from gotracer_ci.text import quantity

    known = {rule.name: rule.info for rule in all_rules()}
    lines = []
    if name is None:
        for info in known.values():
            limits = ", ".join(f"{t.name} {quantity(t.value, t.unit)}" for t in info.thresholds)
            lines.append(f"{info.name}\n  {info.summary}\n  {limits}")
    elif name in known:
        info = known[name]
        lines.append(f"{info.name}: {info.summary}")
        for heading, text in info.sections:
            lines.append(f"\n{heading}\n{'-' * len(heading)}\n{text}")
            if heading == "Thresholds":
                values = [(limit.name, quantity(limit.value, limit.unit).replace(" ", "")) for limit in info.thresholds]
                lines += [f"  --set {info.name}.{limit}={value}" for limit, value in values]
    else:
        raise unknown(name, known)
    print_lines(lines)
