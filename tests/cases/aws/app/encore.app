{"id": "store", "lang": "typescript"}
