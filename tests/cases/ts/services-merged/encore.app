{
  "id": "services-merged",
  "lang": "typescript"
}
