{ "id": "files-ignored", "lang": "typescript" }
