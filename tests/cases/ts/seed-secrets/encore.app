{
  "id": "seed-secrets",
  "lang": "typescript"
}
