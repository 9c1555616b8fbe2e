"""The order of the steps, the store, the batch and the export."""
