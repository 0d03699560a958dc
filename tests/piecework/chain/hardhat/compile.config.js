// hardhat.config.json with one thing added: the compiler is npm's `solc`, because there is none to download.
"use strict";
const path = require("path");

const root = process.env.PIECEWORK_CHECKOUT;
const load = (name) => require(require.resolve(name, { paths: [root] }));
const { subtask } = load("hardhat/config");
const { TASK_COMPILE_SOLIDITY_GET_SOLC_BUILD } = load("hardhat/builtin-tasks/task-names");

subtask(TASK_COMPILE_SOLIDITY_GET_SOLC_BUILD, async ({ solcVersion }) => {
  const version = load("solc").version();
  if (!version.startsWith(`${solcVersion}+`)) throw new Error(`asked for ${solcVersion}, npm's solc is ${version}`);
  return {
    version: solcVersion,
    longVersion: version.replace(".Emscripten.clang", ""),
    compilerPath: require.resolve("solc/soljson.js", { paths: [root] }),
    isSolcJs: true,
  };
});

const config = load(path.join(root, "hardhat.config.json"));
const out = process.env.PIECEWORK_HARDHAT_OUT;
module.exports = {
  ...config,
  paths: {
    ...config.paths,
    root,
    sources: path.join(root, config.paths.sources),
    artifacts: path.join(out, "artifacts"),
    cache: path.join(out, "cache"),
  },
};
