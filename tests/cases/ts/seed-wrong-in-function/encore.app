{
  "id": "seed-wrong-in-function",
  "lang": "typescript"
}
