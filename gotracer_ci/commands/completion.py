"""`gotracer-ci completion`."""

from __future__ import annotations

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from gotracer_ci.commands.output import print_lines
from gotracer_ci.commands.usage import Choice, Command

_SHELLS: dict[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}


@click.command(cls=Command)
@click.argument("shell", type=Choice(tuple(_SHELLS)))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print a script that completes commands in a shell.

    \b
    Example:
      gotracer-ci completion bash

    \b
    To load it in every session:
      bash: eval "$(gotracer-ci completion bash)"      in ~/.bashrc
      zsh:  eval "$(gotracer-ci completion zsh)"       in ~/.zshrc
      fish: gotracer-ci completion fish | source       in ~/.config/fish/config.fish
    """
    root = context.find_root()
    script = _SHELLS[shell](root.command, {}, root.command_path, "_GOTRACER_CI_COMPLETE")
    # not source(): for bash it first runs the bash of this machine
    print_lines((script.source_template % script.source_vars()).strip().splitlines())
