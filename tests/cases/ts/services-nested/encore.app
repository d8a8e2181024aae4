{
  "id": "services-nested",
  "lang": "typescript"
}
