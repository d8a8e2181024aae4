{
  "id": "endpoint-static",
  "lang": "typescript"
}
