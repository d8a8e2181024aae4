{
  "id": "literals-booleans",
  "lang": "typescript"
}
