import { Service as App } from "encore.dev/service";

export default new App("renamed");
