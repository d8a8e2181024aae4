{
  "id": ".hidden",
  "lang": "typescript"
}
