"""Read the traces of a run on a Dask cluster, with the same results as on this machine."""
