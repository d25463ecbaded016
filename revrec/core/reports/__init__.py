"""The reports of accounting.md 3: pure functions of the records, one noun a file."""
