"""Features are made here and nowhere else: training, evaluation and prediction share this."""

from sklearn.base import TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.feature_selection import SelectKBest, chi2, f_regression
from sklearn.impute import SimpleImputer
from sklearn.model_selection import KFold
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler, TargetEncoder
from tabwright.schema.schema import Schema
from tabwright.selection.transformers import (
    BooleansAsNumbers,
    DateParts,
    HashedText,
    MissingTextAsEmpty,
)

WORDS = 2**16  # columns that the words of each text, and pairs of words, are hashed to
TELLING = 30  # of these columns, those that tell most about the target, for trees
PIECES = 2**14  # columns that the pieces of words are hashed to
TOPICS = 30  # dense columns they are condensed to for trees
MAX_ONE_HOT = 20  # a category with more values is replaced by the target's mean within it


def build_features(schema: Schema, seed: int, *, dense: bool = False) -> ColumnTransformer:
    """Make the transformer from typed columns to a matrix, unfitted.

    Parameters
    ----------
    schema
        The contract: its types decide what happens to each column.
    seed
        Of everything random in a feature.
    dense
        Return a dense matrix with a few words and topics of each text, for models that need one.

    Returns
    -------
    ColumnTransformer
        From a table with the schema's columns, in any order, to (n_rows, n_features).
    """
    numbers = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        StandardScaler(),
    )
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    target_mean = TargetEncoder(
        target_type="continuous" if schema.task == "regression" else "auto",
        cv=KFold(5, shuffle=True, random_state=seed),  # stratified fails on rare classes
    )
    dates = make_pipeline(DateParts(), numbers)
    known = {name: schema.columns[name].categories for name in schema.names("category")}
    few = [
        name for name, values in known.items() if values is not None and len(values) <= MAX_ONE_HOT
    ]
    many = [name for name in known if name not in few]
    parts: list[tuple[str, TransformerMixin, list[str] | str]] = [
        ("numbers", numbers, schema.names("numeric")),
        ("booleans", make_pipeline(BooleansAsNumbers(), numbers), schema.names("boolean")),
        ("categories", one_hot, few),
        ("many_categories", make_pipeline(target_mean, StandardScaler()), many),
        ("dates", dates, schema.names("datetime")),
    ]
    text = text_features(schema, seed, dense=dense)
    for name in schema.names("text"):
        parts.append((f"words of {name.replace('__', '_')}", text, name))
    return ColumnTransformer(
        [part for part in parts if part[2]], sparse_threshold=0.0 if dense else 0.3
    )


def text_features(schema: Schema, seed: int, *, dense: bool) -> Pipeline:
    """Make the transformer of a column of text, unfitted: words, pairs and pieces of words."""
    # Hashing needs no list of words. Pieces suit every language: Korean inflects within words.
    words, pieces = (
        make_pipeline(
            HashedText(**counted, alternate_sign=False, norm=None),
            TfidfTransformer(sublinear_tf=True),
        )
        for counted in (
            {"ngram_range": (1, 2), "n_features": WORDS},
            {"ngram_range": (2, 4), "n_features": PIECES, "analyzer": "char_wb"},
        )
    )
    if dense:
        evidence = f_regression if schema.task == "regression" else chi2
        words.steps.append(("telling", SelectKBest(evidence, k=TELLING)))
        pieces.steps.append(("topics", TruncatedSVD(TOPICS, random_state=seed)))
    both = FeatureUnion([("words", words), ("pieces", pieces)])
    return make_pipeline(MissingTextAsEmpty(), both)
