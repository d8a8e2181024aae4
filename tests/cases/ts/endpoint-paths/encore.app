{
  "id": "endpoint-paths",
  "lang": "typescript"
}
