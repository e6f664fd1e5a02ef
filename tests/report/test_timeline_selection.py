"""Selecting in the timeline, in a real browser: what is selected, found and summed is what the streams say."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .pages import Opened, analysed
from .timeline import (
    CALL,
    TIMELINE,
    TRACE,
    TRACES,
    data,
    duration,
    middle,
    point,
    records,
    selected,
    show,
    streams,
    touching,
    view,
)


def test_a_slice_is_selected_and_its_neighbours_are_reached(opened: Opened) -> None:
    some = middle(TRACE)
    page = show(opened, state=f"&t={some.start - 20_000}-{some.end + 20_000}")
    row = streams(TRACE)["lanes"].header["procs"].index(some.proc)
    page.mouse.click(*point(page, some.start + some.length / 2, row))
    assert data(page, "goroutine") == str(some.goroutine)
    assert f"goroutine {some.goroutine} ran" in page.locator(".tl-hover").inner_text()
    assert f"Goroutine {some.goroutine}" in selected(page)
    assert f"on P {some.proc}" in selected(page)
    page.wait_for_url(f"**&g={some.goroutine}")
    lane = [record for record in records(TRACE) if record.proc == some.proc]
    at = lane.index(some)
    page.keyboard.press(".")
    assert data(page, "goroutine") == str(lane[at + 1].goroutine)
    page.keyboard.press(",")
    page.keyboard.press(",")
    assert data(page, "goroutine") == str(lane[at - 1].goroutine)
    page.keyboard.press(".")
    page.keyboard.press("f")
    assert view(page) == pytest.approx((some.start - 0.15 * some.length, some.end + 0.15 * some.length))
    own = [record for record in records(TRACE) if record.goroutine == some.goroutine]
    page.keyboard.press("Shift+>")
    following = own[own.index(some) + 1] if some != own[-1] else some
    start, end = view(page)
    assert start <= following.end
    assert end >= following.start
    assert data(page, "goroutine") == str(some.goroutine)
    page.keyboard.press("Escape")
    assert data(page, "goroutine") == ""


def test_u_goes_to_the_waker_and_c_to_the_creator(opened: Opened) -> None:
    lives = {row["id"]: row for row in streams(TRACE)["tables"].rows("goroutines")}
    woken = next(
        record
        for record in records(TRACE)
        if record.waker not in (None, -1, record.goroutine)
        and lives[record.goroutine]["creator"] > 0
        and lives[record.goroutine]["created"] >= 0
    )
    page = show(opened, state=f"&t={woken.start - 50_000}-{woken.end + 50_000}&g={woken.goroutine}")
    page.wait_for_selector(f"{TIMELINE}[data-goroutine='{woken.goroutine}']")
    row = streams(TRACE)["lanes"].header["procs"].index(woken.proc)
    page.mouse.click(*point(page, woken.start + woken.length / 2, row))
    assert f"goroutine {woken.waker}" in selected(page)
    page.keyboard.press("u")
    assert data(page, "goroutine") == str(woken.waker)
    page.mouse.click(*point(page, woken.start + woken.length / 2, row))
    page.keyboard.press("c")
    assert data(page, "goroutine") == str(lives[woken.goroutine]["creator"])


def test_slices_and_ranges_lead_to_findings_flame_graphs_and_goroutines(opened: Opened) -> None:
    finding = analysed(TRACE).findings[0]
    worst = finding.occurrences[0]
    page = show(opened, state=f"&t={worst.start_ns}-{worst.start_ns + worst.duration_ns}&g={worst.goroutine}")
    page.wait_for_selector(f"{TIMELINE}[data-goroutine='{worst.goroutine}']")
    page.locator(".tl-side .stack a").first.click()
    shown = page.locator("#flames input[type=search]").input_value()
    assert shown
    assert page.locator("#flames [aria-pressed=true]").first.inner_text() == "Wall"
    page.go_back()
    page.locator(".tl-side .tl-facts a", has_text=finding.key.rule).click()
    expect(page.locator(f"details.row[open][data-fingerprint='{finding.fingerprint}']")).to_be_in_viewport()
    page.go_back()

    box = page.locator(".tl-lanes").bounding_box()
    assert box
    page.keyboard.down("Shift")
    page.mouse.move(box["x"] + box["width"] * 0.1, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 20, steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    assert finding.key.rule in page.locator(".tl-side .tl-facts a").all_inner_texts()
    function = page.locator(".tl-top-functions").first.locator("a").first
    name = function.locator("..").get_attribute("title")
    function.click()
    assert page.locator("#goroutines input[type=search]").input_value() == name
    page.go_back()
    page.locator(".tl-top-functions").last.locator("a").first.click()
    assert "range" in page.locator("#flames [aria-pressed=true]").first.inner_text().lower()


@pytest.mark.parametrize("name", TRACES)
def test_the_sums_of_a_selected_range_are_those_of_the_stream(opened: Opened, name: str) -> None:
    page = show(opened, name)
    box = page.locator(".tl-lanes").bounding_box()
    assert box
    page.keyboard.down("Shift")
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 20, steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    start, end = map(int, data(page, "range").split("-"))
    assert (end - start) / duration(name) == pytest.approx(0.5, abs=0.01)
    running, syscall, idle, runnable, waiting, blocked = (
        float(value)
        for value in page.locator(".tl-facts [data-ns]").evaluate_all("(all) => all.map((e) => e.dataset.ns)")
    )
    parts = [(record, record.inside(start, end)) for record in touching(name, start, end)]
    assert running == pytest.approx(sum(ns for record, ns in parts if record.kind is None or record.kind < CALL))
    assert syscall == pytest.approx(sum(ns for record, ns in parts if record.kind is not None and record.kind >= CALL))
    assert running + syscall + idle == pytest.approx((end - start) * len(streams(name)["lanes"].header["procs"]))
    summary = streams(name)["summary-0"]
    width = summary.header["states"]["width_ns"]
    for shown, column in ((runnable, "runnable"), (waiting, "waiting"), (blocked, "syscall_blocked")):
        values = summary.blocks["states"][column]
        sums = sum(values[start // width + 1 : end // width])
        assert sums * 0.999 <= shown <= sum(values[start // width : end // width + 1]) * 1.001
    functions = page.locator(".tl-top-functions").first.locator("[data-ns]")
    listed = sum(float(value) for value in functions.evaluate_all("(all) => all.map((e) => e.dataset.ns)"))
    assert listed <= (running + syscall) * 1.001
    assert (
        page.locator(".tl-side a", has_text="Flame graph").get_attribute("href") == f"#v=flames&t={start}-{end}&p=range"
    )


def test_search_finds_functions_files_and_goroutines(opened: Opened) -> None:
    calls = streams(TRACE)["calls"]
    frames, nodes = calls.rows("frames"), calls.rows("calls")
    names = {
        row["id"]: streams(TRACE)["tables"].text(row["name"]) for row in streams(TRACE)["tables"].rows("goroutines")
    }

    def stack(node: int) -> str:
        text = []
        while node:
            frame = frames[nodes[node - 1]["frame"]]
            text += [calls.text(frame["function"]), calls.text(frame["file"])]
            node = nodes[node - 1]["parent"]
        return "\n".join(text).lower()

    page = show(opened)
    for text in ("SERVE", "chan.go", "nowhere to be found"):
        page.keyboard.press("/")
        page.keyboard.type(text)
        page.keyboard.press("Enter")
        expected = sum(
            text.lower() in stack(record.node) or text.lower() in names.get(record.goroutine, "").lower()
            for record in records(TRACE)
        )
        page.wait_for_selector(f"{TIMELINE}[data-hits='{expected}']")
        assert f"{expected:,} record" in page.locator(".tl-found").inner_text()
        page.keyboard.press("Escape")
    some = middle(TRACE)
    page.fill(".tl-search", f"g{some.goroutine}")
    page.keyboard.press("Enter")
    assert data(page, "hits") == str(sum(record.goroutine == some.goroutine for record in records(TRACE)))
    assert data(page, "goroutine") == str(some.goroutine)


def test_a_link_to_a_goroutine_opens_its_function_and_marks_its_row(opened: Opened) -> None:
    life = next(row for row in streams(TRACE)["tables"].rows("goroutines") if row["created"] > 0 and row["ended"] > 0)
    page = show(opened, state=f"&g={life['id']}")
    label = page.locator(".tl-label.goroutine.marked")
    assert label.inner_text() == f"g{life['id']}"
    assert label.is_visible()
    start, end = view(page)
    assert start <= life["created"]
    assert end >= life["ended"]
    assert f"Goroutine {life['id']}" in selected(page)


def test_a_link_to_a_finding_shows_its_worst_occurrence_and_keys_go_to_the_others(opened: Opened) -> None:
    finding = next(
        finding
        for finding in analysed(TRACE).findings
        if len({(each.start_ns, each.goroutine) for each in finding.occurrences}) > 1
    )
    worst = max(finding.occurrences, key=lambda occurrence: occurrence.duration_ns)
    page = show(opened, state=f"&f={finding.fingerprint}")
    start, end = view(page)
    assert start <= max(0, worst.start_ns)
    assert end >= worst.start_ns + worst.duration_ns
    assert data(page, "goroutine") == str(worst.goroutine)
    seen = set()
    for _ in finding.occurrences:
        page.keyboard.press("]")
        seen.add((view(page), data(page, "goroutine")))
    assert {goroutine for _, goroutine in seen} == {str(each.goroutine) for each in finding.occurrences}
    for each in finding.occurrences:
        shown = [(start, end) for (start, end), goroutine in seen if goroutine == str(each.goroutine)]
        assert any(start <= max(0, each.start_ns) <= each.start_ns + each.duration_ns <= end for start, end in shown)
    before = view(page)
    page.keyboard.press("[")
    page.keyboard.press("]")
    assert view(page) == before
    page.keyboard.press("Home")
    page.keyboard.press("/")
    page.keyboard.type(finding.key.rule.lower())
    page.keyboard.press("Enter")
    assert "occurrence" in page.locator(".tl-found").inner_text()
    assert view(page)[1] - view(page)[0] < duration(TRACE)
