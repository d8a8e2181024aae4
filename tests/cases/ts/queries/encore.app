{ "id": "queries", "lang": "typescript" }
