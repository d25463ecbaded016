"""The journal for other accounting systems: hledger and Ledger, CSV, ContaPlus, Holded."""
