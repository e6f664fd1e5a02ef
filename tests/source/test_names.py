"""Function names: parts that the compiler adds must not change a finding's identity."""

from __future__ import annotations

import time

import pytest

from gotracer_ci.source.names import declared_as, is_closure, normalise, package_of


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("main.main", "main.main"),
        ("main.main.func1", "main.main.func"),
        ("main.main.func12.3", "main.main.func"),
        ("main.main.func1.1.2", "main.main.func"),
        ("main.main.func1.gowrap2", "main.main.func"),
        ("main.serve.gowrap1", "main.serve.func"),
        ("main.serve.deferwrap3", "main.serve.func"),
        ("main.serve.func2.deferwrap1", "main.serve.func"),
        ("main.each-range1", "main.each.func"),
        ("main.each.func1-range2", "main.each.func"),
        ("main.each-range1.func4", "main.each.func"),
        ("main.main·dwrap·1", "main.main.func"),
        ("main.main.func1·dwrap·2", "main.main.func"),
        # inlined: up to Go 1.26 with the names of all functions on the way, since Go 1.27 only with numbers
        ("main.main.Each.func2", "main.Each.func"),
        ("main.main.func1.Each.func2", "main.Each.func"),
        ("main.main.deep.plain.func15", "main.plain.func"),
        ("main.main.gen[...].func5", "main.gen[...].func"),
        ("main.main.main.nested.func6.func7", "main.nested.func"),
        ("main.main.T.M.func3", "main.M.func"),
        ("main.(*Q).call.(*T).M.func3", "main.(*T).M.func"),
        ("main.run.func1.plain.2", "main.plain.func"),
        ("main.each.Seq.each-range1.plain.func1", "main.plain.func"),
        ("main.run.Call.run.func1.Call[...].run.Call.run.func1.func2.func3", "main.run.func"),
        ("main.main.gowrap1.run.Call.main.gowrap1.run.1.2", "main.run.func"),
        ("main.(*T).M.Call.M.func1", "main.M.func"),
        ("main.run.1", "main.run.func"),
        ("main.run.1.1.1", "main.run.func"),
        ("main.run.func1.func1", "main.run.func"),
        ("main.init.0", "main.init.0"),
        ("main.init.0.func1", "main.init.0.func"),
        ("main.glob..func3", "main.init.func"),
        ("main.init.func3", "main.init.func"),
        ("main.(*T).M", "main.(*T).M"),
        ("main.(*T).M.func1", "main.(*T).M.func"),
        ("main.(*T).M-fm", "main.(*T).M"),
        ("main.T.M.func1", "main.M.func"),
        ("main.F[...]", "main.F[...]"),
        ("main.F[go.shape.int_0]", "main.F[...]"),
        ("main.F[...].func1", "main.F[...].func"),
        ("main.F[...]-range1", "main.F[...].func"),
        ("main.T[go.shape.int].M", "main.T[...].M"),
        ("main.(*T[example.com/a/b.C[int],[]string]).M.func2", "main.(*T[...]).M.func"),
        ("github.com/org/repo/v2/pkg.(*Pool).get.func1", "github.com/org/repo/v2/pkg.(*Pool).get.func"),
        # declared functions that look like the compiler's
        ("main.func1", "main.func1"),
        ("main.func1.func2", "main.func1.func"),
        ("main.(*T).func1", "main.(*T).func1"),
        ("main.functional1", "main.functional1"),
        ("_cgoexp_0123_onEvent", "_cgoexp_0123_onEvent"),
        ("", ""),
    ],
)
def test_normalise(function: str, expected: str) -> None:
    assert normalise(function) == expected
    assert normalise(expected) == expected


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("main.main.func1", "main"),
        ("github.com/org/repo/pkg.(*T).M", "github.com/org/repo/pkg"),
        ("gopkg.in/yaml%2ev3.Unmarshal", "gopkg.in/yaml.v3"),
        ("example.com/a.F[example.com/b/c.T]", "example.com/a"),
        ("encoding/json/v2.makeStructArshaler.func3", "encoding/json/v2"),
        ("example.com/app_test.TestX", "example.com/app_test"),
        ("_cgoexp_0123_onEvent", ""),
        ("", ""),
    ],
)
def test_package(function: str, expected: str) -> None:
    assert package_of(function) == expected


@pytest.mark.parametrize(
    ("function", "declared"),
    [
        ("a.F", True),
        ("a.F.func1", True),
        ("a.F[...].func1", True),
        ("a.(*T).M.func1", True),
        ("a.T.M", True),
        ("a.G", False),
        ("a.(*T).N", False),
        ("a.M", False),
        ("", False),
    ],
)
def test_declared(function: str, declared: bool) -> None:
    assert (declared_as(function, {"F": 1, "T.M": 2}) is not None) is declared


def test_a_hostile_name_takes_linear_time() -> None:
    names = ["[" * 200_000, "a." + ".func1" * 50_000 + "!", "/" * 200_000, "a.F" + "[]" * 100_000]
    started = time.process_time()
    for name in names:
        normalise(name)
        package_of(name)
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("function", "closure"),
    [
        ("a.F", False),
        ("a.(*T).M", False),
        ("a.init.0", False),
        ("a.F[...]", False),
        ("a.F.func1", True),
        ("a.F.1", True),
        ("a.F-range1", True),
        ("a.F.gowrap1", True),
        ("a.glob..func1", True),
        ("", False),
    ],
)
def test_closures(function: str, closure: bool) -> None:
    assert is_closure(function) is closure
