{
  "id": "pubsub-errors",
  "lang": "typescript"
}
