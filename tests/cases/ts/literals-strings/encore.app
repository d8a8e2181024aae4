{
  "id": "literals-strings",
  "lang": "typescript"
}
