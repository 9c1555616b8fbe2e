"""The methods that decide what is removed, and the one place where it is removed."""
