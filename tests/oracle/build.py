"""Build the oracle, a program around Go's own trace reader, with a given Go toolchain (1.25 or later), offline.

Only packages in the Go distribution can import `internal/trace`. So `go build -overlay` makes the Go files of this
directory appear in GOROOT/src/cmd/oracle, without changing the toolchain.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCES = sorted(Path(__file__).resolve().parent.glob("*.go"))


def build(goroot: Path, out: Path) -> Path:
    """Build the oracle with this toolchain to the file `out` and return its absolute path."""
    goroot, out = goroot.resolve(), out.resolve()
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        overlay = Path(directory, "overlay.json")
        target = goroot / "src" / "cmd" / "oracle"
        replaced = {str(target / source.name): str(source) for source in SOURCES}
        overlay.write_text(json.dumps({"Replace": replaced}), encoding="utf-8")
        subprocess.run(
            [str(goroot / "bin" / "go"), "build", "-trimpath", f"-overlay={overlay}", "-o", str(out), "cmd/oracle"],
            cwd=goroot / "src" / "cmd",
            env=_environment(goroot),
            check=True,
        )
    return out


def build_command(goroot: Path, name: str, out: Path) -> Path:
    """Build a command of the Go distribution, such as "cmd/trace", to the file `out` and return its absolute path."""
    goroot, out = goroot.resolve(), out.resolve()
    out.parent.mkdir(parents=True, exist_ok=True)
    go = str(goroot / "bin" / "go")
    subprocess.run([go, "build", "-trimpath", "-o", str(out), name], env=_environment(goroot), check=True)
    return out


def _environment(goroot: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GO") or name == "GOCACHE"}
    return kept | {
        "GOROOT": str(goroot),
        "GOTOOLCHAIN": "local",
        "GOPROXY": "off",
        "GOWORK": "off",
        "GOENV": "off",
        "CGO_ENABLED": "0",
    }


def main() -> int:
    """Run the command line: GOROOT and the output file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("goroot", type=Path, help="a complete Go toolchain with its sources")
    parser.add_argument("out", type=Path, help="output file")
    arguments = parser.parse_args()
    print(build(arguments.goroot, arguments.out))
    return 0


if __name__ == "__main__":
    sys.exit(main())
