"""Open a page in the user's browser."""

from __future__ import annotations

import os
import threading
import webbrowser
from typing import Final

_OF_TERMINALS: Final = frozenset({"www-browser", "links", "elinks", "lynx", "w3m"})
"""Browsers that would take over the terminal. The page needs a script, which they do not run."""


def start(url: str) -> None:
    """Open the URL if there is a browser with windows. Some of them run until they are closed."""
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return
    if os.path.basename(getattr(browser, "name", "")) not in _OF_TERMINALS:
        threading.Thread(target=browser.open_new_tab, args=(url,), daemon=True).start()
