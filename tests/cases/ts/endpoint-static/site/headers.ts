import { api } from "encore.dev/api";

const Age = "60";
const common = { Server: "files" };

export const headers = api.static({
  path: "/headers/*path",
  dir: "./files",
  headers: {
    "Content-Language": "en",
    Vary: ["Accept", , "Origin"],
    Age,
    ...common,
    ["X-Frame-Options"]: "DENY",
  },
});
