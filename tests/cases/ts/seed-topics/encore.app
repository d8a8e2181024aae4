{
  "id": "seed-topics",
  "lang": "typescript"
}
