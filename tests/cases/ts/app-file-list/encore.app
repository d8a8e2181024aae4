[{ "lang": "typescript" }]
