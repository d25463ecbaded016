"""The pure core: facts in, journal entries out; no clock, no files, no randomness."""
