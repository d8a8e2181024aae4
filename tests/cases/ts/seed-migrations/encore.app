{
  "id": "seed-migrations",
  "lang": "typescript"
}
