"""The command line: parses, calls `revrec.app`, prints."""
