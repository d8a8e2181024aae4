{ "id": "imports-repeated", "lang": "typescript" }
