{
  "id": "seed-schedule-formats",
  "lang": "typescript"
}
