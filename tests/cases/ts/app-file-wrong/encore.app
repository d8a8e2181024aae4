{
  "id": ["shop"],
  "lang": "typescript",
  "global_cors": {
    "debug": "no",
    "allow_headers": "*",
    "expose_headers": ["X-Shop", 5],
    "allow_origins_without_credentials": {},
    "allow_origins_with_credentials": [true],
    "allow_origin": ["*"],
  },
  "build": {
    "cgo_enabled": "false",
    "worker_pooling": 4,
    "docker": {
      "base_image": true,
      "bundle_source": "yes",
      "working_dir": ["/srv"],
      "process_per_service": 1,
      "baseimage": "node:22",
    },
    "hooks": {
      "prebuild": ["npm", "run"],
      "postbuild": { "command": 5, "env": { "CI": 1 } },
    },
  },
  "cgo_enabled": 0,
  "docker_base_image": {},
  "experiments": ["metrics", "worker-threads", 7],
  "log_level": 3,
  "language": "typescript",
}
