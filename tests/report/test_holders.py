"""What the holders of a lock did: one line in every report that people read, and all of it in the JSON report."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from gotracer_ci.findings import Activity, Holders
from gotracer_ci.report.formats import render
from gotracer_ci.report.labels import holders
from gotracer_ci.report.model import Report
from tests.report.factory import HANDLER, MS, STORE, TRACES, finding, report_of

HELD = Holders(
    150 * MS, 120 * MS, True, 7, 12, (Activity("sleep", 90 * MS, STORE), Activity("syscall", 25 * MS, STORE, HANDLER))
)
LINE = (
    "While it waited 150 ms, 7 holders of the lock spent up to 90 ms in time.Sleep at "
    "example.com/shop/store.(*Cache).Get (store/cache.go:41), 25 ms in a system call at "
    "example.com/shop/store.(*Cache).Get (store/cache.go:41), behind the lock at "
    "example.com/shop/api.(*Server).handleOrder (api/orders.go:88); 80 % of the wait is explained"
)


def held() -> Report:
    return report_of(TRACES, (), (), (replace(finding(), holders=HELD),), None, ())


def test_the_line() -> None:
    assert holders(HELD) == LINE
    alone = HELD._replace(goroutines=1, explained_ns=149 * MS, activities=(Activity("network", 149 * MS, None),))
    assert holders(alone) == (
        "While it waited 150 ms, goroutine 12, which held the lock, spent up to 149 ms waiting for the network"
    )
    assert "goroutine 12, which ended the wait," in holders(alone._replace(locked=False))


@pytest.mark.parametrize("name", ["human", "markdown", "html", "sarif", "gitlab", "junit", "ndjson"])
def test_every_format_has_it(name: str) -> None:
    shown = render(name, held()).replace("\\", "").replace("&#34;", '"')
    assert "7 holders of the lock spent up to 90 ms in time.Sleep at" in shown


def test_the_json_report_has_all_of_it() -> None:
    (found,) = json.loads(render("json", held()))["findings"]
    assert found["holders"]["goroutines"] == 7
    assert found["holders"]["explained_ns"] == 120 * MS
    assert [one["doing"] for one in found["holders"]["activities"]] == ["sleep", "syscall"]
    assert found["holders"]["activities"][1]["behind"]["function"] == HANDLER.function
