{
  "id": "literals-objects",
  "lang": "typescript"
}
