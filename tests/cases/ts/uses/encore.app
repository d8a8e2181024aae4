{
  "id": "uses",
  "lang": "typescript"
}
