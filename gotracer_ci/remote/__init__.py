"""Traces in remote stores: their names, and their bytes. All of fsspec is here."""
