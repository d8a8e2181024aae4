{ "id": "imports-missing", "lang": "typescript" }
