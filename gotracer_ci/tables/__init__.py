"""Facts → tables: rows of named columns, selected and sorted, as text, JSON or CSV."""
