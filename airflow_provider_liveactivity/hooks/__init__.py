"""Hooks for Airflow connections to Braze and MoEngage."""
