{
  "id": 5, // a number
  "lang": "typescript",
  "global_cors": [/* a list */],
}
