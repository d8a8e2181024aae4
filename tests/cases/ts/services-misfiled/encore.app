{
  "id": "services-misfiled",
  "lang": "typescript"
}
