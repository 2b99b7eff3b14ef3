"""One HTTP request at a time, until its outcome is known."""
