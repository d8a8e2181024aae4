// The shop.
{
  "id": "shop-x1y2", /* as Encore Cloud calls it */
  "lang": "typescript",
  "global_cors": {
    "debug": false,
    "allow_headers": ["X-Shop"],
    "expose_headers": ["*"],
    "allow_origins_without_credentials": ["*"],
    "allow_origins_with_credentials": ["https://*.example.com"],
  },
  "build": {
    "cgo_enabled": false,
    "worker_pooling": true,
    "docker": {
      "base_image": "node:22-slim",
      "bundle_source": true,
      "working_dir": "/srv",
      "process_per_service": false,
    },
    "hooks": {
      "prebuild": "npm run generate",
      "postbuild": { "command": "npm run check", "env": { "CI": "1" } },
    },
  },
  "cgo_enabled": true,
  "docker_base_image": "scratch",
  "experiments": ["local-secrets-override", "metrics", "local-multi-process", "ts-worker-threads", "bun-runtime"],
  "log_level": "info",
  "$schema": "https://example.com/encore.app.json",
  "team": "shop",
}
