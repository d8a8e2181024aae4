{
  "id": "seed-cron-jobs",
  "lang": "typescript"
}
