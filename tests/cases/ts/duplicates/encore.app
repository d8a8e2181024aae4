{
  "id": "duplicates",
  "lang": "typescript"
}
