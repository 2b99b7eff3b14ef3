"""A whole airport on one machine: a real Airflow, a stand-in for the vendors, real flights."""
