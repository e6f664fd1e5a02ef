"""A repository of several modules. Its program and its test record a trace with long waits.

`// @Rule` marks the line where a finding of that rule must be shown; `// @test:Rule` is for the test's trace. All files
have the same length, and the code of each starts at its own multiple of 100, so a frame's line identifies its file.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

MODULE = "example.org/Team/shop"
DEP = "example.net/Dep"
_HEIGHT = 2000

_GO_MOD = f"""module {MODULE}

go 1.21

require (
	{DEP} v1.2.3
	example.net/fork v1.0.0
	example.net/sibling v0.1.0
	{MODULE}/sub v0.0.0
)

replace (
	example.net/fork => ./third_party/fork
	example.net/sibling => ../sibling
	{MODULE}/sub => ./sub
)
"""
_WORK = f"go 1.21\n\nuse (\n\t.\n\t./sub\n)\n\nreplace {MODULE}/sub v0.0.0 => ./sub\n"

_MAIN = f"""package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/trace"
	"time"

	dep "{DEP}/locks"
	"example.net/fork"
	sibling "example.net/sibling/locks"
	"{MODULE}/gen"
	own "{MODULE}/internal/locks"
	"{MODULE}/internal/proc"
	"{MODULE}/internal/wait"
	"{MODULE}/parser"
	"{MODULE}/plugins/plugin"
	inner "{MODULE}/sub/locks"
)

func main() {{
	debug.SetGCPercent(-1)
	out, err := os.Create(os.Args[1])
	if err != nil {{
		panic(err)
	}}
	if err := trace.Start(out); err != nil {{ // @GCPauseSpike @HeapGrowthSpike
		panic(err)
	}}
	collect()
	kept := make([]byte, 8<<20)
	leak()
	own.Contend()
	proc.Read()
	proc.Sleep(1)
	parser.Contend()
	plugin.Contend()
	inner.Contend(wait.Held())
	replaced()
	dependency()
	beside()
	generated()
	dep.Background(wait.Held()) // @MutexContention
	time.Sleep(10 * time.Millisecond)
	wait.Long()
	leak()
	collect()
	collect()
	runtime.KeepAlive(kept)
	trace.Stop()
	out.Close()
}}

func replaced() {{
	fork.Each(func() {{
		wait.Held().Lock() // @MutexContention
	}})
}}

func dependency() {{
	wait.Start(func() {{
		dep.Contend(wait.Held()) // @MutexContention
	}})
}}

func beside() {{
	wait.Start(func() {{
		sibling.Contend(wait.Held()) // @MutexContention
	}})
}}

func generated() {{
	wait.Start(func() {{
		gen.Contend(wait.Held()) // @MutexContention
	}})
}}

func collect() {{
	runtime.GC() // @GCPauseSpike
}}

func leak() {{
	never := make(chan bool)
	for i := 0; i < 30; i++ {{
		go func() {{ // @GoroutineLeakGrowth
			<-never // @LongWait
		}}()
	}}
	time.Sleep(time.Millisecond)
}}
"""

_WAIT = """// Package wait holds locks until others have waited for them for long.
package wait

import (
	"sync"
	"sync/atomic"
	"time"
)

var (
	started, running int32
	held             []*sync.Mutex
	ends             []func()
)

// Held is a lock that is held until Long has waited.
func Held() *sync.Mutex {
	mutex := new(sync.Mutex)
	mutex.Lock()
	held = append(held, mutex)
	return mutex
}

// AtEnd has something done when Long has waited.
func AtEnd(f func()) { ends = append(ends, f) }

// Start runs what will wait.
func Start(f func()) {
	started++
	go func() {
		atomic.AddInt32(&running, 1)
		f() // @test:MutexContention
	}()
}

// Long waits until all that was started does, and then for long.
func Long() {
	for atomic.LoadInt32(&running) < started {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(60 * time.Millisecond)
	for _, end := range ends {
		end()
	}
	for _, mutex := range held {
		mutex.Unlock()
	}
}
"""

# These have the same file, package and function names, and differ only in the directory.
_OWN_LOCKS = f"""package locks

import "{MODULE}/internal/wait"

func Contend() {{
	mutex := wait.Held()
	wait.Start(func() {{
		each([]int{{1}}, func(int) {{
			mutex.Lock() // @MutexContention @test:MutexContention
		}})
	}})
}}

func each[T any](all []T, f func(T)) {{
	for _, one := range all {{
		func() {{
			f(one)
		}}()
	}}
}}
"""
_INNER_LOCKS = """package locks

import "sync"

func Contend(mutex *sync.Mutex) {
	go func() {
		mutex.Lock() // @MutexContention
	}()
}
"""
_SIBLING_LOCKS = """package locks

import "sync"

func Contend(mutex *sync.Mutex) {
	func() {
		mutex.Lock()
	}()
}
"""
_DEP_LOCKS = (
    _SIBLING_LOCKS
    + """
func Background(mutex *sync.Mutex) {
	go func() {
		mutex.Lock()
	}()
}
"""
)
_LOCKS_TEST = f"""package locks_test

import (
	"runtime"
	"testing"
	"time"

	"{MODULE}/internal/locks"
	"{MODULE}/internal/wait"
)

func TestContend(t *testing.T) {{
	locks.Contend() // @test:GCPauseSpike
	t.Run("in", func(t *testing.T) {{
		mutex := wait.Held()
		wait.Start(func() {{
			mutex.Lock()
		}})
	}})
	time.Sleep(10 * time.Millisecond)
	wait.Long()
	runtime.GC() // @test:GCPauseSpike
}}
"""
_PROC = f"""package proc

import (
	"syscall"

	"{MODULE}/internal/wait"
)

func Read() {{
	var pipe [2]int
	if err := syscall.Pipe(pipe[:]); err != nil {{
		panic(err)
	}}
	wait.AtEnd(func() {{ syscall.Close(pipe[1]) }})
	wait.Start(func() {{
		syscall.Read(pipe[0], make([]byte, 1)) // @BlockedOnSyscall
	}})
}}
"""
_TIME = """package proc

import "time"

func Sleep(n int) {
	time.Sleep(time.Duration(n))
}
"""
_PARSER = f"""
import "{MODULE}/internal/wait"

func Contend() {{
	mutex := wait.Held()
	wait.Start(func() {{
		mutex.Lock() // @MutexContention
	}})
}}
"""
_PLUGIN = "package plugin\n" + _PARSER
_FORK = """package fork

import "sync"

func Each(f func()) {
	var ready sync.WaitGroup
	ready.Add(1)
	go func() {
		ready.Done()
		f()
	}()
	ready.Wait()
}
"""
_GEN = """// Code generated by a tool. DO NOT EDIT.

package gen

import "sync"

func Contend(mutex *sync.Mutex) {
	mutex.Lock()
}
"""
_OTHER_MAIN = "package main\n\nfunc main() {\n\tother()\n}\n\nfunc other() {\n}\n"

_OWN = {
    "cmd/shop/main.go": _MAIN,
    "cmd/other/main.go": _OTHER_MAIN,
    "internal/wait/wait.go": _WAIT,
    "internal/locks/locks.go": _OWN_LOCKS,
    "internal/locks/locks_test.go": _LOCKS_TEST,
    "internal/proc/proc.go": _PROC,
    "internal/proc/time.go": _TIME,
    "gen/gen.go": _GEN,
    "parser/grammar.y": "%{\npackage parser\n%}" + _PARSER,
    "parser/y.go": "package parser\n//line grammar.y:LINE" + _PARSER,
    "real/plugin/plugin.go": _PLUGIN,
    "sub/locks/locks.go": _INNER_LOCKS,
    "third_party/fork/fork.go": _FORK,
}
_DEP_FILE = f"vendor/{DEP}/locks/locks.go"
_SIBLING_FILE = "vendor/example.net/sibling/locks/locks.go"
_HUNDREDS = {name: number for number, name in enumerate((*_OWN, _DEP_FILE, _SIBLING_FILE), 1)}


def _tall(name: str, text: str) -> str:
    """Return the text starting at the file's own line number, padded to the common length."""
    start = 100 * _HUNDREDS[name]
    text = text.replace(":LINE", f":{100 * _HUNDREDS['parser/grammar.y'] + 4}")
    return "\n" * start + text + "\n" * (_HEIGHT - start - text.count("\n"))


def true_file(line: int) -> str:
    """Return the repository's file that contains a frame's line."""
    return [*_HUNDREDS][line // 100 - 1]


def lay(base: Path) -> Path:
    """Write the repository, the module beside it, and the proxy for its dependency. Return the repository."""
    root = base / "checkout"
    _write(root, {name: _tall(name, text) for name, text in _OWN.items()} | {"go.mod": _GO_MOD})
    for directory, module in (("sub", f"{MODULE}/sub"), ("third_party/fork", "example.net/fork")):
        _write(root / directory, {"go.mod": f"module {module}\n\ngo 1.21\n"})
    (root / "plugins").symlink_to("real")
    sibling = {"go.mod": "module example.net/sibling\n\ngo 1.21\n"}
    _write(base / "sibling", sibling | {"locks/locks.go": _tall(_SIBLING_FILE, _SIBLING_LOCKS)})
    mod = f"module {DEP}\n\ngo 1.21\n"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"{DEP}@v1.2.3/go.mod", mod)
        archive.writestr(f"{DEP}@v1.2.3/locks/locks.go", _tall(_DEP_FILE, _DEP_LOCKS))
    versions = base / "proxy/example.net/!dep/@v"
    _write(versions, {"list": "v1.2.3\n", "v1.2.3.info": '{"Version":"v1.2.3"}', "v1.2.3.mod": mod})
    (versions / "v1.2.3.zip").write_bytes(packed.getvalue())
    return root


def add_workspace(root: Path) -> None:
    """Add the nested module to a go.work."""
    _write(root, {"go.work": _WORK})


def marks(root: Path, prefix: str = "") -> set[tuple[str, str, int]]:
    """Return (rule, path, line) of all marks in the repository's files. Links count as their targets."""
    mark = re.compile(rf"@{prefix}(\w+)(?![\w:])")
    files = {name: root / name for name in (*_OWN, _DEP_FILE) if not name.endswith("y.go")}
    return {
        (rule, name, number)
        for name, file in files.items()
        if file.exists()
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        for rule in mark.findall(line.partition("//")[2])
    }


def _write(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
