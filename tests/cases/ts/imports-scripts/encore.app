{
  "id": "imports-scripts",
  "lang": "typescript"
}
