"""Airflow connections to Braze and MoEngage."""
