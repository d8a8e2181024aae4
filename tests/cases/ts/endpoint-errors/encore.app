{
  "id": "endpoint-errors",
  "lang": "typescript"
}
