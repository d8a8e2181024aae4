{
  "ID": "shop",
  "Lang": "typescript",
  "global_cors": null,
  "build": { "docker": null, "hooks": { "prebuild": null } },
  "experiments": null,
}
