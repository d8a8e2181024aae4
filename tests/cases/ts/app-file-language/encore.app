{ "id": "shop", "lang": "ts" }
