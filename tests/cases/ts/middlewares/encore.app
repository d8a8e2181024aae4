{
  "id": "middlewares",
  "lang": "typescript"
}
