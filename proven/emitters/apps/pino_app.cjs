// pino as it is without options.
const pino = require("pino");
const log = pino();

log.debug({ cache: "cold" }, "not shown by default");
log.info("started");
log.info({ port: 8000, took: 1.25 }, "listening");
log.warn({ used: 0.91 }, "disk nearly full");
log.error({ order: 17 }, "payment refused");
try {
  null.total;
} catch (error) {
  log.error(error, "order failed");
  log.error({ order: 18, err: error });
  log.error(error);
}
const child = log.child({ requestId: "a1b2" });
child.info({ req: { method: "GET", url: "/orders" }, res: { statusCode: 200 }, responseTime: 12 }, "request completed");
child.fatal("shutting down");
