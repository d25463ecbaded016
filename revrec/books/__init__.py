"""The books as Beancount files: the chart that maps roles to accounts, rendering, writing, checking."""
