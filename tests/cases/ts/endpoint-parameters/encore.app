{
  "id": "endpoint-parameters",
  "lang": "typescript"
}
