"""The use cases: one module a family; command line, HTTP and Fava are doors onto them."""
