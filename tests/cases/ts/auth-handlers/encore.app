{
  "id": "auth-handlers",
  "lang": "typescript"
}
