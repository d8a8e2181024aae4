// Which files TypeScript's own parser refuses: `node syntax.cjs FOLDER [grammar] < PATHS`.
// FOLDER holds node_modules/typescript. Prints {path: true where refused}. With `grammar` the
// checker is asked too: it reports what the parser lets pass for the sake of a better message.
const [folder, grammar] = process.argv.slice(2);
const fs = require("node:fs");
const ts = require(require.resolve("typescript", { paths: [folder] }));
const NEEDS_SETTINGS = new Set([1148, 1149, 1155, 1192, 1202, 1203, 1205, 1208, 1219, 1259, 1286,
  1287, 1309, 1343, 1375, 1378, 1432, 1470, 1479]);

function parsed(path) {
  const text = fs.readFileSync(path, "utf8");
  const kind = ts.ScriptKind.TS;
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, false, kind).parseDiagnostics;
}

function checked(path) {
  const options = { noResolve: true, noLib: true, target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.ESNext };
  const program = ts.createProgram([path], options);
  const file = program.getSourceFile(path);
  const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
  const ofGrammar = (code) => code >= 1000 && code < 2000 || code >= 18000 && code < 18046;
  return found.filter(({ code }) => ofGrammar(code) && !NEEDS_SETTINGS.has(code));
}

const refused = {};
for (const path of fs.readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  refused[path] = (grammar ? checked(path) : parsed(path)).length > 0;
}
process.stdout.write(JSON.stringify(refused));
