"""TaskFlow decorators: a function returns the content state, and the task sends it."""
