"""The log of what was asked and answered, by the service and in batches."""
