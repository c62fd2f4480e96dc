"""What Prometheus reads at /metrics: counts, times and predictions, and nothing that was sent."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from ..request_log.entry import Entry
from .models import Served

ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
SHARES = [number / 20 for number in range(1, 21)]


class Metrics:
    """The counters of one service."""

    def __init__(self) -> None:
        own = self.registry = CollectorRegistry()
        ProcessCollector(registry=own)
        self.requests = Counter("requests", "Requests", ["path", "status"], registry=own)
        self.seconds = Histogram("request_seconds", "Time to answer", ["path"], registry=own)
        self.waiting = Gauge("waiting_requests", "Requests that wait for the model", registry=own)
        self.open = Gauge("open_requests", "Requests not answered yet", registry=own)
        self.rows = Histogram("batch_rows", "Rows predicted at once", buckets=ROWS, registry=own)
        self.predictions = Counter(
            "predictions", "Rows by prediction", ["version", "predicted"], registry=own
        )
        self.confidence = Histogram(
            "confidence", "Highest probability of a row", ["version"], buckets=SHARES, registry=own
        )
        self.flagged = Counter("flagged_rows", "Rows predicted with a note", registry=own)
        self.refused = Counter("refused_rows", "Cells that break a rule", ["column"], registry=own)
        self.unlogged = Counter("unlogged_rows", "Answers the log has lost", registry=own)
        self.failures = Counter("failures", "Failures of a part", ["part"], registry=own)
        self.model = Gauge(
            "model_info", "The models in use", ["role", "version", "run"], registry=own
        )

    def count(self, entry: Entry, served: Served) -> None:
        """Count a batch."""
        batch, classes = entry.batch, served.champion.schema.classes
        if entry.answers:
            self.rows.observe(len(entry.answers))
        for answer in entry.answers:
            self.predictions.labels(answer.version, answer.answer if classes else "value").inc()
            if classes:
                self.confidence.labels(answer.version).observe(max(answer.scores))
        self.flagged.inc(batch.flagged)
        for refusal in entry.refusals:
            self.refused.labels(refusal.column).inc(refusal.rows)
        if batch.failed:
            self.failures.labels("prediction").inc()
        if any(answer.shadow_run and answer.shadow_scores is None for answer in entry.answers):
            self.failures.labels("shadow").inc()

    def use(self, served: Served) -> None:
        """Tell which models are in use."""
        self.model.clear()
        for role, model in (("champion", served.champion), ("shadow", served.shadow)):
            if model:
                self.model.labels(role, model.used.version, model.used.run[:8]).set(1)
