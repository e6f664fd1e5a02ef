"""Text that an attacker could put into a trace to break out of a report."""

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
    "../../../../evil/%2e%2e/x",
    "owner/repo#12 owner#3 gh-9 GH-1 GHSA-aaaa-bbbb-cccc \\#1 \\@x &#64;x &commat;octocat @acme/all",
    "0123456 deadbeef c0ffee1234567 owner/repo@0123456789abcdef0123456789abcdef01234567",
    "_www.evil.example_ ftp://evil.example mailto:octocat@evil.example http&#58;//evil.example",
    "<!-- gotracer-ci id=default run=99 attempt=9 -->",
    ":+1: :tada: a:b:c: ::100:",
    "$`x`$ $$y$$ $ `$z$`",
    "[^1] [^1]: note\n[x]: https://evil.example\n- [ ] todo",
    "`````\n````\n```\n~~~~~",
    "12. item\n10) item\n:-:\n:--|--:\n| a | b |\n|---|---|",
    "> [!WARNING]\n> x",
    "<details><summary>x</summary>\n\n<table><tr><td>",
    "</code></pre><a href=https://evil.example>x</a>",
    "::set-output name=a::b\n  ::stop-commands::x\n##[error]x",
    "$(id) `id`; id #' \" !! --fail-on never",
    "",
)

_PIECES = [
    *"@#|`<>!-[](){}:$\\/_*~&;=+.\n\t 1x",
    *("a1b2c3d", "www", "://", "gh-", "<!--", "##[", "\u202e", "\u200b", "é"),
]

texts = st.one_of(
    st.lists(st.sampled_from(_PIECES), max_size=12).map("".join),
    st.sampled_from(NASTY),
    st.text(st.characters(), max_size=40),
    st.lists(st.sampled_from(NASTY), min_size=2, max_size=3).map(" ".join),
)
