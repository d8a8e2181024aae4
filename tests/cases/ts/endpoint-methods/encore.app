{
  "id": "endpoint-methods",
  "lang": "typescript"
}
