"""Heads, acquisitions and outcomes made to order."""
