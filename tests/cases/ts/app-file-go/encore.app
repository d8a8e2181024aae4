{ "id": "shop" }
