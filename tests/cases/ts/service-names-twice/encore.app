{
  "id": "service-names-twice",
  "lang": "typescript"
}
