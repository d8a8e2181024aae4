{
  "id": "literals",
  "lang": "typescript"
}
