{
  "id": "imports-skipped",
  "lang": "typescript"
}
