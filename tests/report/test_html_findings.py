"""The tabs Findings and Compare, with the pictures of real traces, in a real browser."""

from __future__ import annotations

import re
from dataclasses import replace

from playwright.sync_api import Page, expect

from gotracer_ci import text
from gotracer_ci.report import view
from gotracer_ci.report.formats import render
from gotracer_ci.report.model import Report
from gotracer_ci.report.picture import Pictures, Stream

from . import factory
from .hostile import NASTY
from .pages import Opened, analysed, of_sides

LOCK = "service-lock-go1.27"
LEAK = "service-leak-go1.27"
WIDTH = 1000
"""Of the picture of a moment, in its own units."""


def moment(page: Page, report: Report) -> None:
    """Open the worst finding, and wait for its picture."""
    worst = view.arrange(report).all[0]
    page.evaluate(f"location.hash = '#f={worst.fingerprint}'")
    page.wait_for_selector(".moment-row")


def test_the_moment_shows_who_waited_and_who_woke_it(opened: Opened) -> None:
    report = analysed(LOCK)
    finding = report.findings[0]
    worst = finding.occurrences[0]
    page = opened.show(report)
    moment(page, report)
    who = page.locator(".moment-who").all_inner_texts()
    assert who[0].startswith(f"goroutine {finding.goroutine}\n")
    woken = re.match(r"goroutine \d+", worst.woken_by)
    assert woken
    assert who[1].startswith(f"{woken[0]}, woke it\n")
    title = page.locator(".moment-row").first.locator(".lock title").text_content()
    assert title == f"waiting sync, {text.duration(worst.duration_ns)}"
    drawn = page.locator(".moment-row").first.locator(".occurrence").get_attribute("width")
    first, last = (int(page.locator(".moment").get_attribute(f"data-{name}") or "") for name in ("first", "last"))
    assert abs(float(drawn or "") - WIDTH * worst.duration_ns / (last - first)) < 0.1


def test_the_moment_of_a_leak_shows_goroutines_from_their_creation_on(opened: Opened) -> None:
    report = analysed(LEAK)
    page = opened.show(report)
    moment(page, report)
    assert page.locator(".moment .explained").first.inner_text().startswith("5 of 40 goroutines that are left;")
    who = page.locator(".moment-who small").all_inner_texts()
    assert who[:5] == ["main.(*service).startAudit.func1"] * 5
    begins = [
        float(row.locator("rect:not(.occurrence)").first.get_attribute("x") or "")
        for row in page.locator(".moment-row").all()[:5]
    ]
    assert begins == sorted(begins)
    assert begins[-1] - begins[0] > WIDTH / 2


def test_links_of_a_finding_lead_to_what_they_name(opened: Opened) -> None:
    report = analysed(LOCK)
    finding = report.findings[0]
    worst = finding.occurrences[0]
    page = opened.show(report)
    moment(page, report)
    page.click("text=Show in the timeline")
    assert page.locator("[role=tabpanel]:visible").get_attribute("id") == "timeline"
    found = re.search(r"t=(\d+)-(\d+)&g=(\d+)&f=(\w+)$", page.url)
    assert found
    assert int(found[1]) <= worst.start_ns
    assert worst.start_ns + worst.duration_ns <= int(found[2])
    assert (int(found[3]), found[4]) == (finding.goroutine, finding.fingerprint)
    page.go_back()
    page.locator("details.row[open] .stack .own a").first.click()
    assert page.locator("[role=tabpanel]:visible").get_attribute("id") == "flames"
    page.wait_for_selector("#flames[data-ready]")
    page.go_back()
    assert page.locator("details.row[open]").is_visible()


def test_each_occurrence_leads_to_its_time_and_its_goroutine(opened: Opened) -> None:
    report = analysed(LOCK)
    finding = report.findings[0]
    page = opened.show(report)
    moment(page, report)
    rows = page.locator("details.row[open] tbody tr").all()
    assert len(rows) == len(finding.occurrences) > 1
    for row, occurrence in zip(rows, finding.occurrences, strict=True):
        time, goroutine = (link.get_attribute("href") or "" for link in row.locator("a").all())
        assert goroutine == f"#v=goroutines&g={occurrence.goroutine}"
        found = re.fullmatch(rf"#v=timeline&t=(\d+)-(\d+)&g={occurrence.goroutine}&f={finding.fingerprint}", time)
        assert found
        assert int(found[1]) <= occurrence.start_ns
        assert int(found[2]) > occurrence.start_ns + occurrence.duration_ns
    rows[-1].locator("a").last.click()
    current = page.locator("#goroutines tr[aria-current=true] td").first
    expect(current).to_have_text(str(finding.occurrences[-1].goroutine))


def test_each_link_inside_the_page_is_a_state_that_it_keeps(opened: Opened) -> None:
    page = opened.show(analysed(LEAK, LOCK))
    page.evaluate("document.querySelectorAll('details').forEach((element) => { element.open = true; })")
    page.wait_for_selector(".moment-row")
    links = {link.get_attribute("href") or "" for link in page.locator("a[href^='#']").all()}
    assert {re.sub(r".*v=(\w+).*", r"\1", link) for link in links} >= {"timeline", "flames", "goroutines"}
    for link in sorted(links):
        page.evaluate("(hash) => { location.hash = hash; }", link)
        wanted = re.search(r"v=(\w+)", link)
        panel = page.locator("[role=tabpanel]:visible")
        expect(panel).to_have_attribute("id", wanted[1] if wanted else "findings")
        expect(panel).to_have_attribute("data-ready", "")


def test_a_link_to_an_effect_opens_what_it_is_folded_into(opened: Opened) -> None:
    report = analysed(LEAK)
    page = opened.show(report)
    effects = page.locator("details.effects")
    assert effects.locator("details.row").count() >= 1
    assert not effects.locator("details.row").first.is_visible()
    mark = effects.locator("details.row").first.get_attribute("data-fingerprint")
    page.evaluate(f"location.hash = '#f={mark}'")
    expect(effects.locator("details.row[open]")).to_be_visible()


def test_a_filter_hides_empty_groups_and_opens_effects(opened: Opened) -> None:
    page = opened.show(analysed(LEAK))
    assert page.locator(".group:visible").count() > 1
    page.fill("#search", "ConcurrencyChange")
    expect(page.locator("details.row:visible")).to_have_count(1)
    assert page.locator("#count").inner_text().startswith("1 of ")
    page.fill("#search", "nothing has this")
    expect(page.locator(".group:visible")).to_have_count(0)
    assert page.locator("#rows > h2:visible").count() == 0
    page.click("#reset")
    assert page.locator(".group:visible").count() > 1


def test_the_page_begins_with_the_worst_regression(opened: Opened) -> None:
    page = opened.show(analysed(LEAK))
    assert page.locator("h1").inner_text() == "Fails (*service).startAudit.func1 leaves 40 goroutines behind (0 before)"
    assert page.locator(".sub").inner_text() == "1 new"


def test_verdicts_are_compared_in_words_and_dots(opened: Opened) -> None:
    report = factory.compared_report()
    page = opened.show(report, "#v=compare")
    rows = page.locator(".verdicts tbody tr:visible")
    assert report.comparison
    assert rows.count() == len(report.comparison.verdicts)
    page.select_option("#compare select", "worse")
    assert rows.count() == 1
    assert rows.locator("circle.before").count() == 3
    assert rows.locator("circle.now").count() == 3
    assert rows.locator("line.limit").count() == 1
    page.reload()
    opened.requests.pop()
    assert rows.count() == 1
    rows.locator("a").click()
    assert page.locator("details.row[open]").get_attribute("data-verdict") == "worse"


def test_base_traces_stand_beside_those_of_the_run(opened: Opened) -> None:
    page = opened.show(analysed(LEAK, baseline=None, base=("service-go1.27",)), "#v=compare")
    expect(page.locator("#compare .trace-picture")).to_have_count(2)
    captions = page.locator("#compare figcaption").all_inner_texts()
    assert [("base," in caption) for caption in captions] == [False, True]
    label = page.locator("#compare .trace-picture").first.get_attribute("aria-label")
    assert label
    assert label.endswith("of 2 Ps")


def test_the_page_of_two_sides_has_both(opened: Opened) -> None:
    """What got worse, what improved, all traces, and the difference of the flame graphs per trace."""
    base = ("service-go1.27", "service-again-go1.27")
    page = opened.show(of_sides(base, (LEAK,)), "#v=compare")
    assert page.locator("header .sub").inner_text() == "1 regression; 2 base and 1 head trace"
    assert page.locator("#compare .lead").inner_text() == "Compared with 2 base traces."
    assert "a head trace" in page.locator("#compare .explained").first.inner_text()
    expect(page.locator("#compare .trace-picture")).to_have_count(3)
    assert page.locator("#compare tr.regression").count() == 2
    page.evaluate("location.hash = '#v=flames&p=sync&type=base'")
    expect(page.locator("#flames")).to_contain_text("per trace: 1 trace compared with 2 base traces")
    improved = render("html", of_sides((LEAK,), base)).partition('<tr class="good"')[2]
    assert improved.index("40 → 0") < improved.index("</tr>")


def hostile(pictures: Pictures) -> Pictures:
    """Return pictures in which every name is hostile."""

    def renamed(stream: Stream) -> Stream:
        strings = stream.header.get("strings", [""])
        names = ["", *(NASTY[i % len(NASTY)] for i in range(len(strings) - 1))]
        header = {**stream.header, "strings": names}
        if "reasons" in header:
            header["reasons"] = ["", *(NASTY[i % len(NASTY)] for i in range(len(header["reasons"]) - 1))]
        if "path" in header:
            header["path"] = NASTY[0]
        return replace(stream, header=header)

    return Pictures(
        tuple(map(renamed, pictures.summaries)),
        renamed(pictures.calls),
        pictures.worst,
        renamed(pictures.lanes),
        renamed(pictures.tables),
    )


def test_hostile_names_in_pictures_change_only_text(opened: Opened) -> None:
    report = analysed("tour-go1.27", baseline=None)
    assert report.pictures
    page = opened.show(replace(report, pictures=hostile(report.pictures)))
    title = page.title()
    page.evaluate("document.querySelectorAll('details').forEach((element) => { element.open = true; })")
    for name in [tab.get_attribute("aria-controls") for tab in page.locator("[role=tab]:visible").all()]:
        page.click(f"#tab-{name}")
        page.wait_for_selector(f"#{name}[data-ready]")
    assert page.title() == title
    assert page.locator("img, iframe, object, script:not([id^=data-])").count() == 1
    assert page.evaluate(
        "[...document.querySelectorAll('*')].every((e) => !e.getAttributeNames().some((n) => n.startsWith('on')))"
    )
    assert page.evaluate("[...document.querySelectorAll('a')].every((a) => a.getAttribute('href').startsWith('#'))")
