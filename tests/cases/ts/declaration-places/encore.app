{
  "id": "declaration-places",
  "lang": "typescript"
}
