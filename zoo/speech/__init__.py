"""Speech recognisers of both generations."""
