"""Observers: one file per aggregate of what the kernel reports (see `trace.observe`)."""
