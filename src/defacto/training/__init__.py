"""Networks: how they are built, trained, judged and exported. The one room that loads torch."""
