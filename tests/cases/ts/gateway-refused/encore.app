{
  "id": "gateway-refused",
  "lang": "typescript"
}
