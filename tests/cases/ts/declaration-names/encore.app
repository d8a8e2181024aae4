{
  "id": "declaration-names",
  "lang": "typescript"
}
