// Loads hardhat.config.json through Hardhat's own loader, as `npx hardhat --config hardhat.config.json` does, and prints
// what it resolved. Argument: the checkout.
"use strict";
const path = require("path");

const root = path.resolve(process.argv[2]);
process.chdir(root);
process.env.HARDHAT_CONFIG = path.join(root, "hardhat.config.json");
const { config } = require(require.resolve("hardhat", { paths: [root] }));
process.stdout.write(JSON.stringify({ solidity: config.solidity, paths: config.paths }));
