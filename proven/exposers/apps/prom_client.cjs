// prom-client, with its default metrics and every kind of its own; the arguments are the port, and text or openmetrics.
const http = require("node:http");
const client = require("prom-client");

const [port, form] = process.argv.slice(2);
const open = form === "openmetrics";
const register = new client.Registry();
if (open) register.setContentType(client.Registry.OPENMETRICS_CONTENT_TYPE);
client.collectDefaultMetrics({ register });
const registers = [register];
const worked = new client.Counter({
  name: "shop_work_total", help: "Work done.", labelNames: ["kind"], registers, enableExemplars: open,
});
const waiting = new client.Gauge({ name: "shop_waiting", help: "Work that waits.\nIn two lines.", registers });
const took = new client.Histogram({
  name: "shop_work_seconds", help: "How long work takes.", labelNames: ["kind"], registers, enableExemplars: open,
});
const size = new client.Summary({ name: "shop_work_bytes", help: "How large work is.", registers });
const never = new client.Summary({ name: "shop_never_seconds", help: "Never seen.", labelNames: ["kind"], registers });

http.createServer(async (request, response) => {
  if (request.url === "/metrics") {
    response.setHeader("Content-Type", register.contentType);
    response.end(await register.metrics());
    return;
  }
  const labels = { kind: 'a "quoted" \\ kind\n' };
  const exemplarLabels = { trace_id: "4bf92f3577b34da6" };
  if (open) {
    worked.inc({ labels, exemplarLabels });
    took.observe({ labels, value: 0.05, exemplarLabels });
  } else {
    worked.inc(labels);
    took.observe(labels, 0.05);
  }
  waiting.set(3);
  size.observe(42);
  response.end("done\n");
}).listen(Number(port), "127.0.0.1");
