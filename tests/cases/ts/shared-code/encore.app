{
  "id": "shared-code",
  "lang": "typescript"
}
