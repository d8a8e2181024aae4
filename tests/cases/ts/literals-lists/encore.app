{
  "id": "literals-lists",
  "lang": "typescript"
}
