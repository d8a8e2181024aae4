{
  "id": "seed-topic-references",
  "lang": "typescript"
}
