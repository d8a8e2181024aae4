{
  "id": "module-paths",
  "lang": "typescript"
}
