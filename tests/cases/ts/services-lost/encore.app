{
  "id": "services-lost",
  "lang": "typescript"
}
