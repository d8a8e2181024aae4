{ "lang": "typescript", "build": "docker" }
