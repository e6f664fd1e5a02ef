"""JSON reports of several jobs → one report, as if one job had analyzed all traces."""
