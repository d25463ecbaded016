"""The audit pack: one zip that a stranger can check without these books and without trust in whoever made it."""
