{
  "id": "endpoint-options",
  "lang": "typescript"
}
