{
  "id": "seed-write-options",
  "lang": "typescript"
}
