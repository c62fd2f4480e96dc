"""The record of every run, in reports/runs and in MLflow."""
