{
  "id": "gateway-handler",
  "lang": "typescript"
}
