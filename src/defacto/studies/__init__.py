"""Questions asked of many scans: what each method of defacing does to a head."""
