PLACEHOLDER
def prediction_array(predictions: pd.DataFrame, schema: Schema) -> np.ndarray:
    """Predictions as a metric takes them, from the columns that `predict_table` adds."""
    if schema.task == "regression":
        return predictions[f"predicted_{schema.target}"].to_numpy()
    return predictions[[f"probability_{label}" for label in schema.classes]].to_numpy()
