{ "id": "tsconfig-paths", "lang": "typescript" }
