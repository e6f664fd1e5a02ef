"""Facts → what the HTML page draws."""
