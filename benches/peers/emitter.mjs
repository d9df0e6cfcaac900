// What one writes first: node's own server, an emitter in memory, and the newest hundred events for whoever comes back.
import { EventEmitter } from "node:events";
import { createServer } from "node:http";

const emitter = new EventEmitter().setMaxListeners(0);
const newest = [];
let head = 0;

function publish(data) {
    head += 1;
    const frame = Buffer.from(`id: ${head}\ndata: ${data}\n\n`);
    newest.push([head, frame]);
    if (newest.length > 100) newest.shift();
    emitter.emit("event", frame);
}

function follow(req, res) {
    res.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
    res.write("retry: 1000\n\n");
    const after = Number(req.headers["last-event-id"] ?? head);
    for (const [id, frame] of newest) if (id > after) res.write(frame);
    const send = (frame) => res.write(frame);
    emitter.on("event", send);
    res.on("close", () => emitter.off("event", send));
}

const server = createServer((req, res) => {
    if (req.method === "GET") return follow(req, res);
    const parts = [];
    req.on("data", (part) => parts.push(part));
    req.on("end", () => {
        publish(Buffer.concat(parts));
        res.writeHead(204).end();
    });
});
server.listen({ host: "127.0.0.1", port: Number(process.argv[2]), backlog: 4096 });
