{
  "id": "endpoint-other",
  "lang": "typescript"
}
