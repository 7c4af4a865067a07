"""What knows nothing else of this library: errors, texts, times, secrets, and mistakes with their places."""
