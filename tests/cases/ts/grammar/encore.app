{
  "id": "grammar",
  "lang": "typescript"
}
