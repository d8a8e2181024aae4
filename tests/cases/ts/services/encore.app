{
  "id": "services",
  "lang": "typescript"
}
