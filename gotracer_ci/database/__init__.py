"""Traces → tables for SQL: their definition, what fills them, SQLite, Parquet and queries."""
