"""The service that answers requests with the champion."""
