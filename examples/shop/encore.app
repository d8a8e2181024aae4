{
  // Empty: this app is not linked to a hosted platform. Names of resources are then made from
  // the folder's name.
  "id": "",
  "lang": "typescript",

  // Which web pages may call the API from a browser.
  "global_cors": {
    "allow_origins_without_credentials": ["*"],
    "allow_origins_with_credentials": ["https://shop.example", "http://localhost:3000"],
    "allow_headers": ["Authorization"],
  },
}
