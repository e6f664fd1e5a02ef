"""`gotracer-ci rules`."""

from __future__ import annotations

import click

from gotracer_ci.commands.output import print_lines
from gotracer_ci.commands.usage import Command, rule_names


@click.command(cls=Command)
@click.argument("name", required=False, shell_complete=rule_names)
def command(name: str | None) -> None:
    """List the rules, or explain one.

    Objectives are those of .gotracer-ci/config.toml.

    \b
    Example:
      gotracer-ci rules MutexContention
    """
    from gotracer_ci.rules.registry import select, unknown
    from gotracer_ci.settings import load
    from gotracer_ci.text import quantity

    objectives = load({}, typed=True).objective
    rules = {rule.name: rule for rule in select((), (), {}, objectives)}
    known = {name: rule.info for name, rule in rules.items()}
    lines = []
    if name is None:
        for info in known.values():
            limits = ", ".join(f"{t.name} {quantity(t.value, t.unit)}" for t in info.thresholds)
            only = "no objectives are set" if rules[info.name].absolute else "none: compared with a reference only"
            lines.append(f"{info.name}\n  {info.summary}\n  {limits or only}")
    elif name in known:
        info = known[name]
        lines.append(f"{info.name}: {info.summary}")
        for heading, text in info.sections:
            lines.append(f"\n{heading}\n{'-' * len(heading)}\n{text}")
            if heading == "Thresholds":
                values = [(limit.name, quantity(limit.value, limit.unit)) for limit in info.thresholds]
                if rules[name].absolute:
                    lines += [f"  {limit} {value}" for limit, value in values] or ["  no objectives are set"]
                else:
                    lines += [f"  --set {name}.{limit}={value.replace(' ', '')}" for limit, value in values]
    else:
        raise unknown(name, known)
    print_lines(lines)
