"""A model as MLflow knows models: from code, with weights in safetensors, and its server."""
