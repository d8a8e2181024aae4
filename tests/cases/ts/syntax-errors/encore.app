{
  "id": "syntax-errors",
  "lang": "typescript"
}
