{ "id": "no-package", "lang": "typescript" }
