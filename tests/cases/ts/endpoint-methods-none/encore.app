{
  "id": "endpoint-methods-none",
  "lang": "typescript"
}
