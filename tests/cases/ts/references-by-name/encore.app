{
  "id": "references-by-name",
  "lang": "typescript"
}
