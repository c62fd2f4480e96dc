"""A model of orders, the held-out rows beside it, and windows of later rows."""

import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler, TargetEncoder
from tabwright.evaluation.predictions import Predictions
from tabwright.io.source import Source
from tabwright.schema.guess import infer_schema
from tabwright.schema.rules import apply_contract
from tabwright.selection.metrics import predict_scores, task_metrics

from .orders import orders


class Watched:
    """A model fitted once on orders; `reference` is what it predicts for held-out ones."""

    def __init__(self, rows: int, reference: int) -> None:
        raw = self._text(orders(rows, seed=1))
        self.schema = infer_schema(raw, "returned", Source())
        typed, _ = apply_contract(raw, self.schema)
        self.model = self._fit(typed)
        self.reference = self.window(reference, seed=2)

    def window(self, rows: int, seed: int, **change: float) -> Predictions:
        """Later orders with their outcomes, predicted."""
        typed, _ = apply_contract(self._text(orders(rows, seed, **change)), self.schema)
        scores = predict_scores(self.model, typed, self.schema)
        return Predictions(typed, self.schema, scores, task_metrics(self.schema), "roc_auc")

    @staticmethod
    def _text(raw: pd.DataFrame) -> pd.DataFrame:
        """Cells as a CSV file has them."""
        return raw.astype("str").where(raw.notna())

    def _fit(self, typed: pd.DataFrame) -> BaseEstimator:
        numbers = ["amount", "items", "weight", "discount", "age"]
        features = make_column_transformer(
            (make_pipeline(SimpleImputer(), StandardScaler()), numbers),
            (OneHotEncoder(handle_unknown="ignore"), ["country", "channel"]),
            (TargetEncoder(cv=KFold(5)), ["product"]),
        )
        model = make_pipeline(features, LogisticRegression())
        return model.fit(typed[list(self.schema.features)], typed["returned"])
