{
  "id": "literals-durations",
  "lang": "typescript"
}
