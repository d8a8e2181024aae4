// Files of other types, packages and Node's own modules hold no declarations of this app.
import data from "../lib/data.json";
import "../lib/style.css";
import logo from "../lib/logo.svg";
import { page } from "../lib/page.js";
import { page as again } from "../lib/page.jsx";
import { value } from "../lib/module.mjs";
import { value as common } from "../lib/common.cjs";
import { value as script } from "../lib/script";
import fs from "node:fs";
import path from "path";

export const all = [data, logo, page, again, value, common, script, fs, path];
