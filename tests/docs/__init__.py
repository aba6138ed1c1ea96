"""What makes the site."""
