// SPDX-License-Identifier: Apache-2.0
// tuf_peer.mjs TESTDEPS DIR TIME: has tuf-js go through the stages that test_tuf_attacks.t --write DIR
// wrote, at the given time, and prints a line for each: CASE N WANT GOT WORDS (ok or refused).
// tuf_peer.mjs TESTDEPS --bench URL ROOT TIME COUNT TARGET...: refresh and download, COUNT times from
// nothing; prints seconds of CPU and of time.
import { createRequire } from 'node:module';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';

const [deps, ...args] = process.argv.slice(2);
const { Updater } = createRequire(path.join(deps, 'npm', 'x.js'))('tuf-js');

function setClock(time) {
	const now = Date.parse(time), Real = Date;
	globalThis.Date = class extends Real {
		constructor(...a) {
			super(...(a.length ? a : [now]));
		}
	};
}

// Serves whatever folder is in root; endless and stalled name files that are.
const state = { root: '', endless: '', stalled: '' };
const server = http.createServer((req, res) => {
	const name = decodeURIComponent(req.url.slice(1));
	if (name === state.stalled)
		return;
	if (name === state.endless) {
		res.writeHead(200);
		const more = () => {
			while (!res.destroyed && res.write(Buffer.alloc(65536, 32)));
		};
		res.on('drain', more);
		more();
		return;
	}
	fs.readFile(path.join(state.root, name), (err, data) => {
		res.writeHead(err ? 404 : 200);
		res.end(err ? '' : data);
	});
});
await new Promise((done) => server.listen(0, '127.0.0.1', done));
let base = `http://127.0.0.1:${server.address().port}`;

async function update(store, target, out, config = {}) {
	const u = new Updater({ metadataDir: store, metadataBaseUrl: base, targetDir: out,
		targetBaseUrl: `${base}/targets`, config: { fetchTimeout: 10000, fetchRetry: 0, ...config } });
	await u.refresh();
	for (const t of target) {
		const info = await u.getTargetInfo(t);
		if (!info)
			throw new Error('no target');
		await u.downloadTarget(info);
	}
}

async function playCase(dir, name) {
	const store = fs.mkdtempSync(path.join(os.tmpdir(), 'tufjs-'));
	const lines = fs.readFileSync(path.join(dir, name, 'stages'), 'utf8').trim().split('\n');
	fs.copyFileSync(path.join(dir, name, '1', '1.root.json'), path.join(store, 'root.json'));
	for (const line of lines) {
		const [n, want, , target, how, file] = line.split(' ');
		let got = 'ok', words = '';
		Object.assign(state, { root: path.join(dir, name, n), endless: how === 'oversize' ? file : '',
			stalled: how === 'stalled' ? file : '' });
		try {
			await update(store, target.split(','), store, how ? { fetchTimeout: 400 } : {});
		} catch (e) {
			got = 'refused';
			words = String(e.message).split('\n')[0];
		}
		console.log(`${name} ${n} ${want === 'ok' ? 'ok' : 'refused'} ${got} ${words}`);
	}
	fs.rmSync(store, { recursive: true });
}

if (args[0] === '--bench') {
	const [, url, root, time, count, ...targets] = args;
	setClock(time);
	base = url;
	const start = process.cpuUsage(), wall = process.hrtime.bigint();
	for (let i = 0; i < Number(count); i++) {
		const store = fs.mkdtempSync(path.join(os.tmpdir(), 'tufjs-'));
		fs.copyFileSync(root, path.join(store, 'root.json'));
		await update(store, targets, store);
		fs.rmSync(store, { recursive: true });
	}
	const used = process.cpuUsage(start);
	console.log((used.user + used.system) / 1e6, Number(process.hrtime.bigint() - wall) / 1e9);
} else {
	setClock(args[1]);
	for (const name of fs.readdirSync(args[0]).sort())
		await playCase(args[0], name);
}
server.closeAllConnections();
server.close();
