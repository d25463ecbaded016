"""The store: facts as the exact bytes that are hashed, and what is derived from them, keyed by taxpayer."""
