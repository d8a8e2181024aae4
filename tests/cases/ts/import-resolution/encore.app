{ "id": "import-resolution", "lang": "typescript" }
