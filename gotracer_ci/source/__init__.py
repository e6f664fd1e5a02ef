"""Who owns a frame, and where its file is in the repository."""
