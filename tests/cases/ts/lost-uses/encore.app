{
  "id": "lost-uses",
  "lang": "typescript"
}
