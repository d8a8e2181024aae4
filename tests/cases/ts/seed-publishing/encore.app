{
  "id": "seed-publishing",
  "lang": "typescript"
}
