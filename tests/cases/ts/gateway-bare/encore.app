{
  "id": "gateway-bare",
  "lang": "typescript"
}
