{
  "id": "gateway-empty",
  "lang": "typescript"
}
