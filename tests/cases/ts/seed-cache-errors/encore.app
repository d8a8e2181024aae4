{
  "id": "seed-cache-errors",
  "lang": "typescript"
}
