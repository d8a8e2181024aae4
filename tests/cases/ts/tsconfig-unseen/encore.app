{ "id": "tsconfig-unseen", "lang": "typescript" }
