{
  "id": "default-imports",
  "lang": "typescript"
}
