"""JSON, CSV and TOML on one side, core types on the other: strict, and the only room that knows pydantic."""
