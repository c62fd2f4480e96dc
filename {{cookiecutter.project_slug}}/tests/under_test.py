"""The modules under test. The package is found by its folder: renaming it changes no test."""

from importlib import import_module
from pathlib import Path

PACKAGE = next((Path(__file__).parents[1] / "src").glob("*/__init__.py")).parent.name

config = import_module(f"{PACKAGE}.config")
errors = import_module(f"{PACKAGE}.errors")
files = import_module(f"{PACKAGE}.files")
contract = import_module(f"{PACKAGE}.data.contract")
dictionary = import_module(f"{PACKAGE}.data.dictionary")
infer_schema = import_module(f"{PACKAGE}.data.infer_schema")
make_dataset = import_module(f"{PACKAGE}.data.make_dataset")
read = import_module(f"{PACKAGE}.data.read")
schema = import_module(f"{PACKAGE}.data.schema")
build_features = import_module(f"{PACKAGE}.features.build_features")
calibration = import_module(f"{PACKAGE}.models.calibration")
candidates = import_module(f"{PACKAGE}.models.candidates")
evaluate_model = import_module(f"{PACKAGE}.models.evaluate_model")
gate = import_module(f"{PACKAGE}.models.gate")
metrics = import_module(f"{PACKAGE}.models.metrics")
predict_model = import_module(f"{PACKAGE}.models.predict_model")
rows = import_module(f"{PACKAGE}.models.rows")
store = import_module(f"{PACKAGE}.models.store")
threshold = import_module(f"{PACKAGE}.models.threshold")
train_model = import_module(f"{PACKAGE}.models.train_model")
report = import_module(f"{PACKAGE}.visualization.report")
visualize = import_module(f"{PACKAGE}.visualization.visualize")
verify = import_module(f"{PACKAGE}.workspace.verify")
