import { Gateway } from "encore.dev/api";

new Gateway({});
