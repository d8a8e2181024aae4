{
  "id": "endpoint-queries",
  "lang": "typescript"
}
