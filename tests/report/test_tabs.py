"""The tabs that list and plot: what they show equals the streams, and their links lead to what they name."""

from __future__ import annotations

import re
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Page, expect

from gotracer_ci import text
from gotracer_ci.report.formats import render
from tests.report.accessibility import violations
from tests.report.pages import Opened, analysed
from tests.streams import Decoded, streams_of

TABS = ("flames", "goroutines", "annotations", "heap")


def cells(page: Page, table: str, column: str) -> list[str]:
    """Return the texts of a column of a table that is shown."""
    found = page.get_by_role("table", name=table, exact=True)
    found.wait_for()
    heads = found.locator("thead th button").all_inner_texts()
    rows = found.locator("tbody tr:not(.gap)").all()
    return [row.locator("td").nth(heads.index(column)).inner_text() for row in rows]


def ready(page: Page, name: str) -> None:
    page.wait_for_selector(f"#{name}[data-ready]")
    page.wait_for_timeout(50)


def reload(opened: Opened) -> None:
    opened.page.reload()
    opened.requests.pop()
    opened.page.wait_for_selector("[role=tabpanel]:not([hidden])[data-ready]")
    opened.page.wait_for_timeout(50)


def state(href: str | None) -> dict[str, str]:
    assert href
    return {name: values[0] for name, values in parse_qs(href.removeprefix("#")).items()}


def streams(*names: str) -> dict[str, Decoded]:
    return streams_of(render("html", analysed(*names)))


def test_goroutines_are_those_of_the_stream_and_lead_to_the_timeline(opened: Opened) -> None:
    tables = streams("orders-go1.27")["tables"]
    summary = streams("orders-go1.27")["summary-0"]
    page = opened.show(analysed("orders-go1.27"), "#v=goroutines&type=system")
    ready(page, "goroutines")
    lives = tables.rows("goroutines")
    assert sorted(cells(page, "Goroutines", "Goroutine"), key=int) == sorted(
        (str(life["id"]) for life in lives), key=int
    )
    running = sorted((life["running"] for life in lives), reverse=True)
    assert cells(page, "Goroutines", "Running") == [text.duration(ns) for ns in running]
    groups = sorted(summary.rows("groups"), key=lambda group: -group["running"])
    assert cells(page, "Groups of goroutines", "Waiting")[0] == text.duration(groups[0]["waiting"])
    assert cells(page, "Groups of goroutines", "Lives") == [text.count(group["lives"]) for group in groups]
    link = page.get_by_role("table", name="Goroutines", exact=True).locator("tbody tr:not(.gap) td a").first
    first = next(life for life in lives if life["running"] == running[0])
    target = state(link.get_attribute("href"))
    assert (target["v"], target["g"]) == ("timeline", str(first["id"]))
    end = first["ended"] if first["ended"] >= 0 else summary.header["duration_ns"]
    assert target["t"] == f"{max(first['created'], 0)}-{end}"


def test_goroutines_narrow_to_a_group_a_search_and_one_goroutine(opened: Opened) -> None:
    tables = streams("orders-go1.27")["tables"]
    page = opened.show(analysed("orders-go1.27"), "#v=goroutines")
    ready(page, "goroutines")
    without_runtime = len(cells(page, "Goroutines", "Goroutine"))
    assert without_runtime < len(tables.rows("goroutines"))
    page.get_by_label("Search functions, places, g123").fill("TestTake.func1.1")
    assert set(cells(page, "Goroutines", "Began in")) == {"example.com/programs/orders_test.TestTake.func1.1"}
    page.get_by_label("Search functions, places, g123").fill("")
    page.get_by_role("button", name="example.com/programs/orders_test.TestTake.func1.1", exact=True).click()
    assert len(cells(page, "Goroutines", "Goroutine")) == 8
    assert "n=" in page.url
    reload(opened)
    assert len(cells(page, "Goroutines", "Goroutine")) == 8
    page.get_by_role("button", name=re.compile("All groups")).click()
    assert len(cells(page, "Goroutines", "Goroutine")) == without_runtime
    page.get_by_label("alive at the end").check()
    alive = [life for life in tables.rows("goroutines") if life["ended"] < 0]
    assert 0 < len(cells(page, "Goroutines", "Goroutine")) < len(alive)
    page.get_by_label("runtime's own").check()
    assert sorted(cells(page, "Goroutines", "Goroutine")) == sorted(str(life["id"]) for life in alive)
    page.get_by_label("alive at the end").uncheck()
    creator = page.get_by_role("table", name="Goroutines", exact=True).locator("td a[href^='#v=goroutines']").first
    number = creator.inner_text()
    creator.click()
    assert page.locator("#goroutines tr[aria-current] td").first.inner_text() == number


def test_a_table_sorts_by_every_column_both_ways(opened: Opened) -> None:
    tables = streams("orders-go1.27")["tables"]
    page = opened.show(analysed("orders-go1.27"), "#v=goroutines&type=system")
    ready(page, "goroutines")
    table = page.get_by_role("table", name="Goroutines", exact=True)
    totals = sorted(life["total"] for life in tables.rows("goroutines"))
    head = table.locator("thead button").get_by_text("Total", exact=True)
    head.click()
    assert cells(page, "Goroutines", "Total") == [text.duration(ns) for ns in reversed(totals)]
    head.click()
    assert cells(page, "Goroutines", "Total") == [text.duration(ns) for ns in totals]
    reload(opened)
    assert table.locator("th[aria-sort]").all_inner_texts() == ["Total"]
    assert table.locator("th[aria-sort]").get_attribute("aria-sort") == "ascending"
    assert cells(page, "Goroutines", "Total") == [text.duration(ns) for ns in totals]


def test_a_long_table_holds_only_the_rows_near_what_is_seen(opened: Opened) -> None:
    tables = streams("forever-go1.27")["tables"]
    ids = {str(life["id"]) for life in tables.rows("goroutines")}
    assert len(ids) > 200
    page = opened.show(analysed("forever-go1.27"), "#v=goroutines&type=system&sort=%2Bid")
    ready(page, "goroutines")
    rows = page.get_by_role("table", name="Goroutines", exact=True).locator("tbody tr:not(.gap)")
    assert rows.count() < 100
    scroll = page.get_by_role("region", name="Goroutines", exact=True)
    seen = set(cells(page, "Goroutines", "Goroutine"))
    for _ in range(20):
        scroll.evaluate("(element) => { element.scrollTop += element.clientHeight; }")
        page.wait_for_timeout(50)
        now = cells(page, "Goroutines", "Goroutine")
        assert now == sorted(now, key=int)
        seen |= set(now)
    assert seen == ids


def test_tasks_regions_and_logs_are_those_of_the_stream(opened: Opened) -> None:
    tables = streams("annotations-go1.26")["tables"]
    page = opened.show(analysed("annotations-go1.26"), "#v=annotations")
    ready(page, "annotations")
    tasks = sorted(tables.rows("tasks"), key=lambda task: -task["length"])
    assert cells(page, "Tasks", "Task") == [str(task["id"]) for task in tasks]
    by_type: dict[str, list[dict[str, int]]] = {}
    for task in tasks:
        by_type.setdefault(tables.text(task["type"]), []).append(task)
    sums = sorted(((sum(task["length"] for task in same), kind) for kind, same in by_type.items()), reverse=True)
    assert cells(page, "Types of tasks", "Total") == [text.duration(total) for total, _ in sums]
    assert cells(page, "Types of tasks", "Type") == [kind for _, kind in sums]
    page.get_by_role("button", name=sums[0][1], exact=True).click()
    assert set(cells(page, "Tasks", "Type")) == {sums[0][1]}
    page.get_by_role("button", name=re.compile(r"^Regions \d")).click()
    regions = sorted(tables.rows("regions"), key=lambda region: -region["length"])
    lengths = [text.duration(region["length"]) for region in regions]
    assert [length.replace(" (open)", "") for length in cells(page, "Regions", "Length")] == lengths
    page.get_by_role("button", name=re.compile(r"^Logs \d")).click()
    logs = sorted(tables.rows("logs"), key=lambda log: log["at"])
    assert cells(page, "Logs", "Message") == [tables.text(log["message"]) for log in logs]


def test_a_task_shows_all_that_happened_in_it(opened: Opened) -> None:
    tables = streams("annotations-go1.26")["tables"]
    page = opened.show(analysed("annotations-go1.26"), "#v=annotations&p=tasks&n=2")
    ready(page, "annotations")
    lines = page.get_by_role("table", name="Task 2", exact=True).locator("tbody tr").all_inner_texts()
    regions = [region for region in tables.rows("regions") if region["task"] == 2]
    logs = [log for log in tables.rows("logs") if log["task"] == 2]
    children = [task for task in tables.rows("tasks") if task["parent"] == 2]
    assert not children
    assert len(lines) == 1 + len(regions) + len(logs) > 1
    links = page.get_by_role("table", name="Task 2", exact=True).locator("a[href^='#v=timeline']").all()
    starts = [int(state(link.get_attribute("href"))["t"].split("-")[0]) for link in links]
    (root,) = (task for task in tables.rows("tasks") if task["id"] == 2)
    assert starts == sorted([root["start"], *(region["start"] for region in regions), *(log["at"] for log in logs)])


def test_histograms_count_each_complete_task_once(opened: Opened) -> None:
    tables = streams("annotations-go1.26")["tables"]
    page = opened.show(analysed("annotations-go1.26"), "#v=annotations")
    ready(page, "annotations")
    page.locator("#annotations .as-table summary").click()
    complete = [task for task in tables.rows("tasks") if not (task["open"] or task["before"])]
    assert sum(map(int, cells(page, "How long all tasks took", "Count"))) == len(complete)


def test_a_bucket_of_the_histogram_narrows_the_list(opened: Opened) -> None:
    """By pointer or from its table; the histogram itself stays whole, and a link keeps the bucket."""
    page = opened.show(analysed("annotations-go1.26"), "#v=annotations")
    ready(page, "annotations")
    heading = page.locator("#annotations h2", has_text="Tasks")
    assert heading.inner_text().startswith("Tasks 7")
    page.locator("#annotations .plot canvas").click(position={"x": 80, "y": 100})
    assert heading.inner_text().startswith("Tasks 5 of 7")
    address = page.url
    page.evaluate("location.hash = '#v=annotations'")
    expect(heading.locator("button")).to_be_hidden()
    page.evaluate("to => { location.hash = to; }", address.partition("#")[2])
    expect(heading.locator("button")).to_be_visible()
    assert heading.inner_text().startswith("Tasks 5 of 7")
    page.locator("#annotations .as-table summary").click()
    counts = cells(page, "How long all tasks took", "Count")
    assert sum(map(int, counts)) == 6
    heading.locator("button").click()
    assert heading.inner_text().strip() == "Tasks 7"
    page.locator("#annotations .as-table tbody button").last.click()
    assert heading.inner_text().startswith("Tasks 1 of 7")


def test_cycles_stops_and_heap_are_those_of_the_stream(opened: Opened) -> None:
    summary = streams("gcpause-go1.26")["summary-0"]
    page = opened.show(analysed("gcpause-go1.26"), "#v=heap")
    ready(page, "heap")
    cycles = summary.rows("gc")
    assert len(cycles) > 10
    marks = [mark.replace(" (open)", "") for mark in cells(page, "GC cycles", "Mark")]
    assert marks == [text.duration(cycle["length"]) for cycle in cycles]
    for summary_line in page.locator("#heap .as-table summary").all():
        summary_line.click()
    stops = summary.rows("stw")
    lengths = sorted((stop["length"] for stop in stops), reverse=True)
    shown = [length.replace(" (open)", "") for length in cells(page, "Stops of the world", "Length")]
    assert shown == [text.duration(ns) for ns in lengths]
    heap = summary.rows("heap")
    first = [text.size(point["allocated"]) if point["allocated"] >= 0 else "–" for point in heap]
    assert cells(page, "Heap and goal", "Heap")[:20] == first[:20]
    states = summary.rows("states")
    assert cells(page, "Time in each state", "running")[:20] == [text.duration(part["running"]) for part in states[:20]]


def test_the_worst_windows_and_the_curve_are_those_of_the_stream(opened: Opened) -> None:
    summary = streams("gcpause-go1.26")["summary-0"]
    page = opened.show(analysed("gcpause-go1.26"), "#v=heap&n=1000000")
    ready(page, "heap")
    for length in summary.header["windows"]:
        words = text.duration(length)
        page.get_by_role("button", name=words, exact=True).click()
        windows = [window for window in summary.rows("windows") if window["window"] == length]
        windows.sort(key=lambda window: window["utilisation"])
        table = f"The windows of {words} with least utilisation"
        shown = cells(page, table, "Stopped worlds")
        assert shown == [text.percentage(window["stw"] / 1e6) for window in windows]
        link = page.get_by_role("table", name=table).locator("tbody a").first
        start, end = map(int, state(link.get_attribute("href"))["t"].split("-"))
        assert start <= windows[0]["start"] < windows[0]["start"] + length <= end
    page.locator("#heap figure", has_text="Mutator utilisation").locator("summary").click()
    points = summary.rows("mmu")
    assert cells(page, "Mutator utilisation", "Window") == [text.duration(point["window"]) for point in points]
    assert cells(page, "Mutator utilisation", "99 %") == [text.percentage(point["p99"] / 1e6) for point in points]


def test_a_leak_is_seen_in_the_picture_of_its_group(opened: Opened) -> None:
    page = opened.show(analysed("service-leak-go1.27"), "#v=goroutines")
    ready(page, "goroutines")
    rows = page.get_by_role("table", name="Groups of goroutines", exact=True).locator("tbody tr")
    picture = rows.filter(has_text="startAudit.func1").locator("svg")
    assert "at most 40 goroutines" in (picture.get_attribute("aria-label") or "")
    outline = picture.locator(".part-waiting").get_attribute("d") or ""
    heights = [20 - float(height) for height in re.findall(r"V([\d.]+)H", outline)]
    top = heights[: len(heights) // 2]
    assert top == sorted(top)
    assert top[0] < 2
    assert top[-1] > 19


def test_pictures_tell_their_numbers_to_pointer_and_keyboard(opened: Opened) -> None:
    summary = streams("gcpause-go1.26")["summary-0"]
    page = opened.show(analysed("gcpause-go1.26"), "#v=heap")
    ready(page, "heap")
    figure = page.locator("#heap figure", has_text="GOMAXPROCS")
    canvas = figure.locator("canvas")
    width = (canvas.bounding_box() or {"width": 0})["width"]
    canvas.hover(position={"x": width / 2, "y": 60})
    readout = figure.locator(".readout")
    assert "running" in readout.inner_text()
    canvas.focus()
    before = readout.inner_text()
    page.keyboard.press("Shift+ArrowRight")
    assert readout.inner_text() != before
    page.keyboard.press("Enter")
    target = state(page.url.split("#")[1])
    assert target["v"] == "timeline"
    start, end = map(int, target["t"].split("-"))
    assert 0 <= start < end <= summary.header["duration_ns"]


def test_a_trace_is_chosen_among_several(opened: Opened) -> None:
    report = analysed("service-go1.27", "service-leak-go1.27", base=("service-again-go1.27",), baseline=None)
    found = streams_of(render("html", report))
    page = opened.show(report, "#v=heap")
    ready(page, "heap")
    names = page.locator("#heap select option").all_inner_texts()
    assert names == [
        found[f"summary-{number}"].header["path"] + (" (base)" if number == 2 else "") for number in range(3)
    ]
    page.locator("#heap select").select_option(index=2)
    length = text.duration(found["summary-2"].header["duration_ns"])
    page.locator(f"#heap canvas[aria-label$='over {length}.']").wait_for()
    page.get_by_role("tab", name="Goroutines").click()
    ready(page, "goroutines")
    groups = found["summary-2"].rows("groups")
    assert len(cells(page, "Groups of goroutines", "Lives")) == sum(not group["system"] for group in groups)
    assert page.get_by_role("table", name="Goroutines", exact=True).count() == 0
    page.get_by_role("link", name="show it").click()
    assert page.get_by_role("table", name="Goroutines", exact=True).count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_tabs_fit_a_phone_and_are_accessible(opened: Opened, scheme: str) -> None:
    opened.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page = opened.show(analysed("annotations-go1.26"))
    for name in TABS:
        page.evaluate(f"location.hash = '#v={name}'")
        ready(page, name)
        for width in (1_400, 360):
            page.set_viewport_size({"width": width, "height": 740})
            page.wait_for_timeout(50)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.evaluate(
                f"document.querySelectorAll('#{name} details').forEach((element) => {{ element.open = true; }})"
            )
            assert violations(page) == []
