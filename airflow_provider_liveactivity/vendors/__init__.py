"""Describe the vendors in pure functions: models to requests, responses to errors. No I/O, no Airflow."""
