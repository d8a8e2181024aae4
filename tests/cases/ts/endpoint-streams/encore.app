{
  "id": "endpoint-streams",
  "lang": "typescript"
}
