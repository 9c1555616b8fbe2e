"""Quality control: measure, then decide."""
