{
  "id": "options-required",
  "lang": "typescript"
}
