"""True books for prepaid session bundles."""

__version__ = "0.3.0"
