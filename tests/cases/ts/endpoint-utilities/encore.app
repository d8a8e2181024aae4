{
  "id": "endpoint-utilities",
  "lang": "typescript"
}
