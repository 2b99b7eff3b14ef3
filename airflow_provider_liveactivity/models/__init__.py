"""What is sent: the vendors' request bodies as pydantic models, without any I/O."""
