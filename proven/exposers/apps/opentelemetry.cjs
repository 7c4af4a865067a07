// OpenTelemetry's exporter for Prometheus of Node, with every instrument; the argument is the port.
const { PrometheusExporter } = require("@opentelemetry/exporter-prometheus");
const { MeterProvider } = require("@opentelemetry/sdk-metrics");

const exporter = new PrometheusExporter({ host: "127.0.0.1", port: Number(process.argv[2]) });
const meter = new MeterProvider({ readers: [exporter] }).getMeter("shop", "0.1");
const worked = meter.createCounter("shop.work", { description: "Work done.", unit: "1" });
const sent = meter.createCounter("shop.sent", { description: "What was sent.\nIn two lines.", unit: "By" });
const took = meter.createHistogram("shop.work.duration", { description: "How long work takes.", unit: "s" });
const waiting = meter.createUpDownCounter("shop.waiting", { description: "Work that waits." });
meter.createObservableGauge("shop.depth", { description: "How deep queues are." })
  .addCallback((result) => result.observe(3, { "queue.name": "mail" }));
setInterval(() => {
  worked.add(1, { kind: 'a "quoted" \\ kind\n', "http.route": "/items/{item}" });
  sent.add(512);
  took.record(Math.random() / 10, { kind: "small" });
  waiting.add(1);
}, 50);
