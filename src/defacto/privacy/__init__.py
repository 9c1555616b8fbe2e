"""What names a person, and how it is taken out."""
