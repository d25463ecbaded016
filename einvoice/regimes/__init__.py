"""A package per authority or format, with the same file names in each; they never import each other."""
