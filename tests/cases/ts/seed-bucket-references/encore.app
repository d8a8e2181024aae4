{
  "id": "seed-bucket-references",
  "lang": "typescript"
}
