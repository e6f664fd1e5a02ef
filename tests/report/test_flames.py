"""The flame graphs in a browser: their sums equal those of the streams and of the command, and they can be explored."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pytest
from playwright.sync_api import Page

from gotracer_ci import text
from gotracer_ci.report.formats import render
from tests.conftest import ROOT, Run, path_of
from tests.report.pages import Opened, analysed
from tests.report.test_tabs import cells, ready, reload
from tests.streams import Decoded, streams_of

SERVICE = "service-lock-go1.27"
GRAPH = "#flames canvas"
ENDED = 2  # kind of the last slice of a goroutine


def calls_of(*names: str, base: tuple[str, ...] = ()) -> Decoded:
    return streams_of(render("html", analysed(*names, base=base)))["calls"]


def stack(calls: Decoded, node: int) -> list[str]:
    """Return the functions of a node, leaf first."""
    parents, frames = calls.blocks["calls"]["parent"], calls.blocks["calls"]["frame"]
    found = []
    while node:
        found.append(calls.text(calls.blocks["frames"]["function"][frames[node - 1]]))
        node = parents[node - 1]
    return found or ["(no stack)"]


def functions(calls: Decoded, profile: str) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Return the time of each function: without what it called, and with it."""
    own: dict[str, int] = {}
    total: dict[str, int] = {}
    for row in calls.rows(profile):
        names = stack(calls, row["node"])
        own[names[0]] = own.get(names[0], 0) + row["ns"]
        for name in set(names):
            own.setdefault(name, 0)
            total[name] = total.get(name, 0) + row["ns"]
    return own, total


def sum_of(calls: Decoded, profile: str) -> int:
    return sum(row["ns"] for row in calls.rows(profile))


def fact(page: Page, name: str) -> str:
    return page.locator(".flame-facts dl > div", has=page.locator(f"dt:text-is('{name}')")).locator("dd").inner_text()


def title(page: Page) -> str:
    return page.locator(".flame-name b").inner_text()


@pytest.mark.parametrize(
    ("trace", "profile"),
    [
        *((SERVICE, kind) for kind in ("sync", "sched", "block", "wall")),
        ("connections-go1.27", "net"),
        ("blockedread-go1.27", "syscall"),
        ("cpusamples-go1.24", "cpu"),
    ],
)
def test_the_table_of_functions_has_the_sums_of_the_stream(opened: Opened, trace: str, profile: str) -> None:
    calls = calls_of(trace)
    own, total = functions(calls, profile)
    page = opened.show(analysed(trace), f"#v=flames&p={profile}")
    ready(page, "flames")
    page.locator("#flames th button", has_text="Total").first.click()
    shown = list(zip(cells(page, "Functions", "Function"), cells(page, "Functions", "Total"), strict=True))
    assert sorted(shown) == sorted((name, text.duration(ns)) for name, ns in total.items())[: len(shown)]
    assert dict(zip(cells(page, "Functions", "Function"), cells(page, "Functions", "Self"), strict=True)) == {
        name: text.duration(ns) for name, ns in own.items()
    }
    assert fact(page, "Total") == text.duration(sum_of(calls, profile))


def test_a_click_zooms_and_the_callers_lead_back(opened: Opened) -> None:
    calls = calls_of(SERVICE)
    page = opened.show(analysed(SERVICE), "#v=flames&p=block")
    ready(page, "flames")
    roots: dict[str, int] = {}
    for row in calls.rows("block"):
        name = stack(calls, row["node"])[-1]
        roots[name] = roots.get(name, 0) + row["ns"]
    first = max(roots, key=lambda name: roots[name])
    page.click(GRAPH, position={"x": 5, "y": 28})
    assert title(page) == first
    assert fact(page, "Total") == text.duration(roots[first])
    assert page.locator(".crumbs button").all_inner_texts() == ["all", first.rpartition("/")[2]]
    page.keyboard.press("Escape")
    assert title(page) == "all"
    assert page.locator(".crumbs button").count() == 0
    page.click(GRAPH, position={"x": 5, "y": 28})
    page.locator(".crumbs button", has_text="all").click()
    assert title(page) == "all"


def test_a_function_leads_to_its_findings_goroutines_and_slices(opened: Opened) -> None:
    page = opened.show(analysed("service-lock-go1.27"), "#v=flames&p=block")
    ready(page, "flames")
    page.click(GRAPH, position={"x": 5, "y": 28})
    name = title(page)
    for tab in ("findings", "goroutines", "timeline"):
        page.locator(".flame-name .links a", has_text=tab).click()
        assert page.locator(f"#{tab} input[type=search]").input_value() == name
        page.go_back()
    page.click("#tab-findings")
    assert page.locator("details.row:visible", has_text=name).count() > 0


def test_arrow_keys_walk_through_the_tree(opened: Opened) -> None:
    page = opened.show(analysed(SERVICE), "#v=flames&p=block")
    ready(page, "flames")
    page.focus(GRAPH)
    page.keyboard.press("ArrowDown")
    parent = title(page)
    assert parent != "all"
    page.keyboard.press("ArrowRight")
    assert title(page) != parent
    page.keyboard.press("ArrowLeft")
    assert title(page) == parent
    page.keyboard.press("ArrowDown")
    child = title(page)
    assert page.locator("#announcement").inner_text().startswith(f"{child}, ")
    page.keyboard.press("Enter")
    assert page.locator(".crumbs button").count() == 3
    page.keyboard.press("ArrowUp")
    assert title(page) == parent
    page.keyboard.press("Home")
    assert title(page) == "all"


def test_a_search_says_its_share_and_is_kept(opened: Opened) -> None:
    calls = calls_of(SERVICE)
    every = sum_of(calls, "wall")
    page = opened.show(analysed(SERVICE), "#v=flames&p=wall")
    ready(page, "flames")
    before = page.locator(GRAPH).screenshot()
    page.get_by_label("Search functions and packages").fill("SYNC mutex")
    matching = [row for row in calls.rows("wall") if any("sync.(*Mutex)" in name for name in stack(calls, row["node"]))]
    ns = sum(row["ns"] for row in matching)
    assert 0 < ns < every
    share = f"{text.percentage(ns / every)} ({text.duration(ns)}) matches"
    assert page.locator("#flames output").inner_text() == share
    assert all("sync.(*Mutex)" in name for name in cells(page, "Functions", "Function"))
    assert page.locator(GRAPH).screenshot() != before
    reload(opened)
    assert page.get_by_label("Search functions and packages").input_value() == "SYNC mutex"
    assert page.locator("#flames output").inner_text() == share


def test_a_reason_narrows_the_graph(opened: Opened) -> None:
    calls = calls_of(SERVICE)
    page = opened.show(analysed(SERVICE), "#v=flames&p=block")
    ready(page, "flames")
    reasons: dict[str, int] = {}
    for row in calls.rows("block"):
        reasons[calls.text(row["reason"])] = reasons.get(calls.text(row["reason"]), 0) + row["ns"]
    assert len(reasons) > 1
    for reason, ns in reasons.items():
        page.get_by_label("Reason", exact=True).select_option(reason)
        assert fact(page, "Total") == text.duration(ns)


def test_the_difference_is_per_trace(opened: Opened) -> None:
    names, base = (SERVICE,), ("service-go1.27", "service-again-go1.27")
    calls = calls_of(*names, base=base)
    assert (calls.header["traces"], calls.header["base_traces"]) == (1, 2)
    page = opened.show(analysed(*names, base=base), "#v=flames&p=sync&type=base")
    ready(page, "flames")
    before = sum_of(calls, "base_sync") / 2
    assert fact(page, "In the base") == text.duration(before)
    assert fact(page, "Change") == signed(sum_of(calls, "sync") - before)
    _, total = functions(calls, "sync")
    _, total_before = functions(calls, "base_sync")
    changes = dict(zip(cells(page, "Functions", "Function"), cells(page, "Functions", "Total, change"), strict=True))
    assert changes == {
        name: signed(total.get(name, 0) - total_before.get(name, 0) / 2) for name in total.keys() | total_before.keys()
    }
    page.get_by_role("button", name="This run").click()
    assert "Total, change" not in page.locator("#flames th").all_inner_texts()


def signed(ns: float) -> str:
    return "unchanged" if ns == 0 else ("+" if ns > 0 else "\N{MINUS SIGN}") + text.duration(abs(ns))


@pytest.mark.parametrize("profile", ["sync", "sched", "block", "wall"])
def test_the_functions_are_those_of_the_command(opened: Opened, run: Run, profile: str) -> None:
    options = ("--type", profile, "-f", "top", "--top", "0")
    lines = run("profile", path_of(SERVICE), *options, "--root", ROOT).stdout.decode().splitlines()
    rows = [re.split(r"\s{2,}", line.strip()) for line in lines[1:] if not line.startswith("note: ")]
    expected = {row[5]: (row[0], row[2], row[4]) for row in rows}
    page = opened.show(analysed(SERVICE), f"#v=flames&p={profile}")
    ready(page, "flames")
    columns = [cells(page, "Functions", column) for column in ("Flat", "Total", "Times")]
    assert dict(zip(cells(page, "Functions", "Function"), zip(*columns, strict=True), strict=True)) == expected


@pytest.mark.parametrize(("name", "start", "end"), [("service-leak-go1.27", 0.1, 0.3), ("blockedread-go1.27", 0, 1)])
def test_a_selected_range_has_the_time_of_its_exact_slices(opened: Opened, name: str, start: float, end: float) -> None:
    found = streams_of(render("html", analysed(name)))
    whole = found["summary-0"].header["duration_ns"]
    low, high = round(start * whole), round(end * whole)
    total: dict[str, int] = {}
    every = 0
    for node, ns in exact_times(found, low, high):
        every += ns
        for function in set(stack(found["calls"], node)):
            total[function] = total.get(function, 0) + ns
    page = opened.show(analysed(name), f"#v=flames&p=range&t={low}-{high}")
    ready(page, "flames")
    assert fact(page, "Total") == text.duration(every)
    shown = zip(cells(page, "Functions", "Function"), cells(page, "Functions", "Total"), strict=True)
    assert dict(shown) == {function: text.duration(ns) for function, ns in total.items() if ns}
    page.get_by_role("button", name="Block").click()
    page.wait_for_function("!document.querySelector('#flames .segments').textContent.includes('range')")


def exact_times(found: Mapping[str, Decoded], low: int, high: int) -> Iterator[tuple[int, int]]:
    """Yield (node, ns) for exact slices, the run queue before them, and what follows them, of no system goroutine."""
    lives, groups = found["tables"].rows("goroutines"), found["summary-0"].rows("groups")
    ends = {life["id"]: life["ended"] if life["ended"] >= 0 else found["lanes"].header["to_ns"] for life in lives}
    system = {life["id"] for life in lives if life["group"] >= 0 and groups[life["group"]]["system"]}

    def inside(first: int, last: int) -> int:
        return max(0, min(last, high) - max(first, low))

    for goroutine, records in by_goroutine(found["lanes"]).items():
        if goroutine in system:
            continue
        records.sort()
        before = 0
        for number, (begin, stop, node, kind, queued) in enumerate(records):
            if kind is None:
                before = 0
                continue
            yield node, inside(begin, stop)
            if before:
                yield before, inside(begin - queued, begin)
            last = number == len(records) - 1
            after = ends[goroutine] if last else records[number + 1][0] - (records[number + 1][4] or 0)
            if kind != ENDED:
                yield node, inside(stop, after)
            before = node


def by_goroutine(lanes: Decoded) -> dict[int, list[tuple[int, int, int, int | None, int]]]:
    """Return (start, end, node, kind, queued) of each record; of a short run the last two are None and 0."""
    found: dict[int, list[tuple[int, int, int, int | None, int]]] = {}
    for name, columns in lanes.blocks.items():
        if not name.startswith("lane-"):
            continue
        at = lanes.header["from_ns"]
        exact = zip(columns["kind"], columns["queued"], strict=True)
        names = ("gap", "length", "slices", "goroutine", "node")
        for gap, length, slices, goroutine, node in zip(*(columns[name] for name in names), strict=True):
            at += gap
            kind, queued = next(exact) if slices == 1 else (None, 0)
            found.setdefault(goroutine, []).append((at, at + length, node, kind, queued))
            at += length
    return found


def test_one_goroutine_has_a_flame_graph(opened: Opened) -> None:
    found = streams_of(render("html", analysed("service-leak-go1.27")))
    lives = found["tables"].rows("goroutines")
    records = by_goroutine(found["lanes"])
    goroutine = max(records, key=lambda one: len(records[one]))
    page = opened.show(analysed("service-leak-go1.27"), f"#v=goroutines&g={goroutine}")
    ready(page, "goroutines")
    page.locator("#goroutines tr[aria-current] a", has_text="flame graph").click()
    ready(page, "flames")
    assert f"goroutine {goroutine} " in page.locator(".flame-note").inner_text()
    (life,) = (life for life in lives if life["id"] == goroutine)
    running = sum(stop - begin for begin, stop, _, kind, _ in records[goroutine] if kind is not None)
    assert fact(page, "States").startswith(f"running {text.duration(running)}, ")
    assert running <= life["running"] + life["syscall"]


def test_the_graph_is_drawn_in_the_colours_of_the_page(opened: Opened) -> None:
    page = opened.page
    page.emulate_media(color_scheme="dark")
    opened.show(analysed(SERVICE), "#v=flames&p=wall")
    ready(page, "flames")
    assert brightness(page) < 80
    page.emulate_media(color_scheme="light")
    page.wait_for_timeout(200)
    assert brightness(page) > 200
    page.emulate_media(color_scheme="dark", media="print")
    page.wait_for_timeout(200)
    assert brightness(page) > 200


def brightness(page: Page) -> float:
    """Return the mean of the channels of a pixel of the graph's root, where it has no text."""
    pixel = """() => {
      const one = new OffscreenCanvas(1, 1).getContext("2d");
      one.drawImage(document.querySelector("#flames canvas"), 2, 4, 1, 1, 0, 0, 1, 1);
      return [...one.getImageData(0, 0, 1, 1).data];
    }"""
    red, green, blue, _ = page.evaluate(pixel)
    return float((red + green + blue) / 3)
