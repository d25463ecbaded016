"""Electronic invoices: the semantic invoice of EN 16931, its checks, its formats and the tax authorities. Stands alone."""
