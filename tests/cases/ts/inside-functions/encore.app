{
  "id": "inside-functions",
  "lang": "typescript"
}
