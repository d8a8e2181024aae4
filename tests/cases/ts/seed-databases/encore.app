{
  "id": "seed-databases",
  "lang": "typescript"
}
