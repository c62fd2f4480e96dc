"""The candidates, and the steps that train, evaluate and predict."""
