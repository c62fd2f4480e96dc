"""Training, evaluation, the gate and prediction."""
