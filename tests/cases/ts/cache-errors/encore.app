{
  "id": "cache-errors",
  "lang": "typescript"
}
