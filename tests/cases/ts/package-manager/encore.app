{
  "id": "package-manager",
  "lang": "typescript"
}
