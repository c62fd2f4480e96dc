"""Raw file -> contract -> clean table -> train, test and unlabelled rows."""
