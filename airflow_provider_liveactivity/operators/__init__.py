"""One operator per verb and vendor."""
