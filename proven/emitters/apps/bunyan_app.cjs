// bunyan with a name and its serializers, as its documentation begins.
const bunyan = require("bunyan");
const log = bunyan.createLogger({ name: "shop", serializers: bunyan.stdSerializers });

log.debug({ cache: "cold" }, "not shown by default");
log.info("started");
log.info({ port: 8000 }, "listening on %s", "127.0.0.1");
log.warn({ used: 0.91 }, "disk nearly full");
log.error({ order: 17 }, "payment refused");
try {
  null.total;
} catch (error) {
  log.error(error, "order failed");
  log.error({ order: 18, err: error });
}
log.info({ order: 19 });
log.child({ requestId: "a1b2" }).fatal("shutting down");
