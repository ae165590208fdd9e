"""What 1.x and 2.x show of people, companies, conversations and notes."""
