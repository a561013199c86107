"""What a guest hears of a list, and what it makes of it."""
