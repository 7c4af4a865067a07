// winston with its JSON format: first as its quick start has it, then with a time and errors with their stack.
const winston = require("winston");
const { combine, timestamp, json, errors } = winston.format;

function speak(log) {
  log.debug("not shown by default");
  log.info("started");
  log.warn("disk nearly full", { used: 0.91 });
  log.error("payment refused", { order: 17 });
  try {
    null.total;
  } catch (error) {
    log.error(error);
    log.error("order failed", error);
  }
}

const transports = [new winston.transports.Console()];
speak(winston.createLogger({ format: json(), transports }));
speak(winston.createLogger({ format: combine(errors({ stack: true }), timestamp(), json()), transports }));
