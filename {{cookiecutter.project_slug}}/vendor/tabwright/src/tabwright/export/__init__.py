"""The champion as ONNX: written by `make export`, used by the service and by other languages."""
