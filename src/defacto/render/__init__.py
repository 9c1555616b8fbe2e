"""Pictures of heads: surface views and slices."""
