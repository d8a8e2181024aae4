{
  "id": "endpoint-forms",
  "lang": "typescript"
}
