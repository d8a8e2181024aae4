{
  "id": "seed-expiry-options",
  "lang": "typescript"
}
