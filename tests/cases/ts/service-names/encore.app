{
  "id": "service-names",
  "lang": "typescript"
}
