"""True books and legally valid invoices for prepaid session bundles."""

__version__ = "0.1.0"
