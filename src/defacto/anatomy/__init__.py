"""Where things are: the template, registration, brain and features."""
