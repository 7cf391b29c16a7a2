"""Image classifiers of both generations."""
