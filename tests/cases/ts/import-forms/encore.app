{
  "id": "import-forms",
  "lang": "typescript"
}
