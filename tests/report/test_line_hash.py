"""The hash of a line, as computed by GitHub's own upload step."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gotracer_ci.report.line_hash import line_hashes

END = "c129715d7a2bc9a3:1"
ENDED = ["e9496ae3ebfced30", "fb7c023a8b9ccb3f", "ce8ba1a563dcdaca", "e20e36e16fcb0cc8", "b3edc88f2938467e"]
ENDED = [*(f"{value}:1" for value in [*ENDED, "c8e28b0b4002a3a0"]), END]

# from the tests of GitHub's upload step
PUBLISHED = {
    "": [END],
    " a\nb\n  \t\tc\n d": ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"],
    " hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End": [
        *("8b7cf3e952e7aeb2:1", "b1ae1287ec4718d9:1", "bff680108adb0fcc:1"),
        *("c6805c5e1288b612:1", "b86d3392aea1be30:1", "e6ceba753e1a442:1"),
    ],
    " hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End\n": ENDED,
    " hello; \t\nworld!!!\r\r\r  \t\tGreetings\r End\r": ENDED,
    " hello; \t\r\nworld!!!\r\n\r\n\r\n  \t\tGreetings\r\n End\r\n": ENDED,
    " hello; \t\nworld!!!\r\n\n\r  \t\tGreetings\r End\r\n": ENDED,
    "Lorem ipsum dolor sit amet.\n" * 10: [
        *(f"a7f2ff13bc495cf2:{n}" for n in range(1, 7)),
        *("a7f2ff1481e87703:1", "a9cf91f7bbf1862b:1", "55ec222b86bcae53:1", "cc97dc7b1d7d8f7b:1"),
        END,
    ],
}


def test_the_hash_equals_githubs() -> None:
    assert {text: line_hashes(text) for text in PUBLISHED} == PUBLISHED


@given(st.text(alphabet=" \t\r\na}é€\N{GRINNING FACE}\ufeff\u2028", max_size=300))
def test_every_hash_is_the_polynomial_of_the_first_hundred_units(text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    seen: dict[str, int] = {}
    expected = []
    for at in range(len(lines)):
        rest = "\n".join(lines[at:]).replace(" ", "").replace("\t", "").encode("utf-16-le")
        units = [rest[i] + 256 * rest[i + 1] for i in range(0, len(rest), 2)] + [65535] + [0] * 100
        value = f"{sum(unit * 37 ** (99 - i) for i, unit in enumerate(units[:100])) % 2**64:x}"
        seen[value] = seen.get(value, 0) + 1
        expected.append(f"{value}:{seen[value]}")
    assert line_hashes(text) == expected


def test_a_moved_line_keeps_its_hash() -> None:
    text = "package main\n\nfunc f() {\n\tgo g()\n}\n"
    assert line_hashes("\n\n" + text)[2:] == line_hashes(text)
