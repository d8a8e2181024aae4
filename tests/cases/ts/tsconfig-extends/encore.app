{ "id": "tsconfig-extends", "lang": "typescript" }
