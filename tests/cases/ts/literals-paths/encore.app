{
  "id": "literals-paths",
  "lang": "typescript"
}
