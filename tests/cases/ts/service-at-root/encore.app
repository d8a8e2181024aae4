{
  "id": "service-at-root",
  "lang": "typescript"
}
