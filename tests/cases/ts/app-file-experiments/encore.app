{ "lang": "typescript", "experiments": "metrics" }
