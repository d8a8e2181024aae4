{ "id": "files-extensions", "lang": "typescript" }
