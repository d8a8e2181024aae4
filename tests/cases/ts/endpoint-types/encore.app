{
  "id": "endpoint-types",
  "lang": "typescript"
}
