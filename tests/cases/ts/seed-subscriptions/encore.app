{
  "id": "seed-subscriptions",
  "lang": "typescript"
}
