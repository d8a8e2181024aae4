{
  "id": "seed-message-attributes",
  "lang": "typescript"
}
