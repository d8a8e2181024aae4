{
  // the id is missing its quotes
  "id": shop,
}
