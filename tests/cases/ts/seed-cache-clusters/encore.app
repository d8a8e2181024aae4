{
  "id": "seed-cache-clusters",
  "lang": "typescript"
}
