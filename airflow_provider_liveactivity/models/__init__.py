"""Request bodies of the vendors as pydantic models, without I/O."""
