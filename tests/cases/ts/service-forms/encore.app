{
  "id": "service-forms",
  "lang": "typescript"
}
