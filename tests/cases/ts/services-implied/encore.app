{
  "id": "services-implied",
  "lang": "typescript"
}
