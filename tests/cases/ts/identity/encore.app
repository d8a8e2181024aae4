{
  "id": "identity",
  "lang": "typescript"
}
