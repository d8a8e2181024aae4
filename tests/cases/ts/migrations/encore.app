{
  "id": "migrations",
  "lang": "typescript"
}
