{
  "id": "seed-object-storage",
  "lang": "typescript"
}
