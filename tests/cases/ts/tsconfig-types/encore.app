{ "id": "tsconfig-types", "lang": "typescript" }
