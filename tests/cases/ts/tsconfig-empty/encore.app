{ "id": "tsconfig-empty", "lang": "typescript" }
