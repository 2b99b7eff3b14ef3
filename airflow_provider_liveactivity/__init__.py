"""Airflow provider for iOS Live Activities through Braze and MoEngage."""

# Airflow imports this package in every process to look for example DAGs: nothing may be imported here.
__version__ = "0.1.0"
