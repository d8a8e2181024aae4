{
  "id": "imports-generated",
  "lang": "typescript"
}
