{ "id": "walk-order", "lang": "typescript" }
