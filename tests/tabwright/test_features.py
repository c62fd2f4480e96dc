"""Features of every kind of column."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from support.owner import build_features
from tabwright.schema.column import Column
from tabwright.schema.schema import Schema
from tabwright.selection import metrics


def test_features_are_numbers_without_gaps(trained) -> None:
    transformer = build_features.build_features(trained.schema, seed=1, dense=True)
    matrix = transformer.fit_transform(trained.train, trained.train["bought"])
    assert matrix.shape[0] == len(trained.train)
    assert np.isfinite(matrix).all()


def test_features_survive_what_training_has_not_seen(trained) -> None:
    transformer = build_features.build_features(trained.schema, seed=1)
    transformer.fit(trained.train, trained.train["bought"])
    strange = trained.test.head(1).assign(city="Rome", remark=None, joined=pd.NaT, spent=np.nan)
    assert transformer.transform(strange).shape[0] == 1


def test_identifier_and_target_are_no_features(trained) -> None:
    assert not {"customer_id", "bought"} & set(trained.schema.features)


def test_prediction_does_not_change_with_the_target_or_identifier(trained) -> None:
    told = trained.test.assign(bought="yes", customer_id="C0000")
    before = metrics.predict_scores(trained.model, trained.test, trained.schema)
    assert (metrics.predict_scores(trained.model, told, trained.schema) == before).all()


@pytest.mark.parametrize("dense", [False, True])
def test_pairs_of_words_tell_what_single_ones_do_not(dense: bool) -> None:
    good, bad = "not bad but good", "not good but bad"  # nearly the same words and pieces
    random = np.random.default_rng(0)
    fill = ["it is", "we saw", "they say", "one film"]
    rows = [
        (random.choice(fill), random.choice([good, bad]), random.choice(fill)) for _ in range(200)
    ]
    text = pd.DataFrame({"text": [" ".join(row) for row in rows]})
    columns = {"text": Column("text"), "y": Column("category", categories=["no", "yes"])}
    schema = Schema("y", "classification", columns)
    likes = np.array(["yes" if row[1] == good else "no" for row in rows])
    features = build_features.build_features(schema, 0, dense=dense)
    model = make_pipeline(features, LogisticRegression())
    assert cross_val_score(model, text, likes, scoring="roc_auc").mean() > 0.99


@pytest.mark.parametrize("dense", [False, True])
def test_every_column_of_the_matrix_has_a_name(trained, *, dense: bool) -> None:
    features = trained.train[list(trained.schema.features)]
    made = build_features.build_features(trained.schema, 1, dense=dense)
    made.fit(features, trained.train["bought"])
    names = made.get_feature_names_out()
    assert len(set(names)) == len(names) == made.transform(features).shape[1]
    assert "numbers__visits" in names
    if not dense:
        assert "words of remark__words__remark hash 7" in names
