{
  "id": "gateway-none",
  "lang": "typescript"
}
