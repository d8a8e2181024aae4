{
  "id": "seed-object-operations",
  "lang": "typescript"
}
