{
  "id": "literals-division",
  "lang": "typescript"
}
