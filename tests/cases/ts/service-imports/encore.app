{
  "id": "service-imports",
  "lang": "typescript"
}
