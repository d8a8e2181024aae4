{
  "id": "seed-key-patterns",
  "lang": "typescript"
}
