"""Text as somebody might put it into a trace to break out of a report."""

from __future__ import annotations

from hypothesis import strategies as st

NASTY = (
    "</script><script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "\"><svg onload=alert(1)>' autofocus onfocus=alert(1)",
    "{{ 7*7 }}{% raw %}{0}",
    "@octocat fixes #1 and GH-2, see https://evil.example/ and www.evil.example",
    "a|b`c``d\\|e\\",
    "[x](javascript:alert(1)) ![y](https://evil.example/p.png)",
    "</details><!-- ]]> -->",
    "\x1b]8;;https://evil.example\x07click\x1b[2J\x9b31m",
    "first\r\nsecond\u2028third\n::error::x\n# heading\n- item",
    "left\u202eright\u2066\u200b\ufeff\U000e0041",
    "half \udcff surrogate \uffff \x00",
    "***bold***_it_~~no~~$x^2$&amp;",
    "===\n---\n1. one\n+ two\n> three",
    "C:/x y/ä#frag?query%41..",
    "",
)

texts = st.one_of(
    st.sampled_from(NASTY),
    st.text(st.characters(), max_size=40),
    st.lists(st.sampled_from(NASTY), min_size=2, max_size=3).map(" ".join),
)
