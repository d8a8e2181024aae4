{
  "id": "unnamed-uses",
  "lang": "typescript"
}
