"""What a run says of itself: in the terminal, and as data."""
