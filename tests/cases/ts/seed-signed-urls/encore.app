{
  "id": "seed-signed-urls",
  "lang": "typescript"
}
