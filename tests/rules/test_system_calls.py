"""What a stack in state Syscall says, with the function names of Go 1.19 to 1.27, Linux, macOS and Windows."""

from __future__ import annotations

import pytest

from gotracer_ci.rules.system_calls import C_CALL, CHILD, EVENTS, RUNTIME, SYSCALL, kind
from gotracer_ci.source.frames import SourceFrame

UNIX = "golang.org/x/sys/unix"


def stack(functions: list[str], file: str) -> list[SourceFrame]:
    return [SourceFrame(function, file, 1, "std", None, "", False, False) for function in functions]


@pytest.mark.parametrize(
    ("functions", "what"),
    [
        (["syscall.read", "syscall.Read", "main.f"], SYSCALL),
        (["syscall.Flock", "main.f"], SYSCALL),
        (["syscall.Nanosleep", "main.f"], SYSCALL),
        (["syscall.Connect", "main.f"], SYSCALL),
        (["main.f"], SYSCALL),
        (["syscall.EpollWait", "main.f"], EVENTS),
        ([f"{UNIX}.EpollWait", "github.com/fsnotify/fsnotify.(*fdPoller).wait"], EVENTS),
        ([f"{UNIX}.ppoll", f"{UNIX}.Ppoll", "main.f"], EVENTS),
        ([f"vendor/{UNIX}.Pselect", "main.f"], EVENTS),
        (["syscall.syscall6", "syscall.kevent", "syscall.Kevent", "main.f"], EVENTS),
        (["syscall.Select", "main.f"], EVENTS),
        (["syscall.accept4", "syscall.Accept4", "main.serve"], EVENTS),
        (["syscall.Pause", "main.f"], EVENTS),
        (["syscall.Syscall6", "github.com/panjf2000/gnet/v2/internal/netpoll.epollWait", "main.f"], EVENTS),
        (["github.com/cloudwego/netpoll.EpollWait", "main.f"], EVENTS),
        (["syscall.read", "syscall.Read", "k8s.io/utils/inotify.(*Watcher).readEvents"], EVENTS),
        ([f"{UNIX}.Read", "github.com/fsnotify/fsnotify.(*Watcher).readEvents"], EVENTS),
        (["syscall.read", "syscall.Read", "internal/poll.(*FD).Read", "os.(*File).Read", "main.inotifyLoop"], EVENTS),
        # what handles an event may block
        (["syscall.read", "syscall.Read", "os.(*File).Read", "main.load", "main.(*inotify).loop"], SYSCALL),
        (["syscall.write", "syscall.Write", "main.(*inotify).loop"], SYSCALL),
        (["main.pollOnce", "main.f"], EVENTS),
        (["example.com/poller.(*Queue).flush", "main.f"], SYSCALL),
        (["syscall.read", "main.selectRows", "main.f"], SYSCALL),
        (["os/signal.loop"], EVENTS),
        (["os/signal.signal_recv", "os/signal.loop"], EVENTS),
        (["os/signal.signal_recv", "os/signal.renamed"], EVENTS),
        (["os.(*Process).blockUntilWaitable", "os.(*Process).wait", "os.(*Process).Wait", "main.f"], CHILD),
        (["internal/syscall/unix.Waitid", "os.(*Process).pidfdWait.func1", "os.ignoringEINTR", "main.f"], CHILD),
        (["syscall.wait4", "syscall.Wait4", "main.f"], CHILD),
        (["syscall.WaitForSingleObject", "os.(*Process).wait", "os.(*Process).Wait"], CHILD),
        (["syscall.readlen", "syscall.forkExec", "syscall.StartProcess", "os.StartProcess"], CHILD),
        (["main._Cfunc_usleep", "main.f"], C_CALL),
        (["net._C2func_getaddrinfo", "net.cgoLookupIPCNAME"], C_CALL),
        (["runtime.cgocall", "main.f"], C_CALL),
        (["runtime.gcStart", "runtime.mallocgc", "main.f"], RUNTIME),
    ],
)  # fmt: skip
def test_kind(functions: list[str], what: str) -> None:
    assert kind(tuple(stack(functions, "x.go"))) == what


def test_the_file_may_tell_that_a_read_is_of_events() -> None:
    functions = ["syscall.read", "syscall.Read", "main.(*watcher).run"]
    assert kind(tuple(stack(functions, "example.com/app/watch_inotify.go"))) == EVENTS
    assert kind(tuple(stack(functions, "example.com/inotify/watch.go"))) == SYSCALL
