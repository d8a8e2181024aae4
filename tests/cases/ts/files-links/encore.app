{
  "id": "files-links",
  "lang": "typescript"
}
