{
  "id": "seed-keyspace-types",
  "lang": "typescript"
}
