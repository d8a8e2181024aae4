{
  "id": "cron-errors",
  "lang": "typescript"
}
