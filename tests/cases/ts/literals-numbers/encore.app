{
  "id": "literals-numbers",
  "lang": "typescript"
}
